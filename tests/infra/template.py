"""A synthesized template, as tests ask it."""

from typing import Any


class Template:
    """A synthesized template, to be asked for its resources."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """Logical id → resource, of one type such as `AWS::SQS::Queue`."""
        return {name: found for name, found in self.content["Resources"].items() if found["Type"] == kind}

    def properties(self, kind: str) -> list[dict[str, Any]]:
        """The properties of every resource of one type."""
        return [found["Properties"] for found in self.resources(kind).values()]

    def function(self, name: str) -> dict[str, Any]:
        """The properties of the function whose folder is functions/`name`."""
        (found,) = [
            properties
            for properties in self.properties("AWS::Lambda::Function")
            if self.function_name(properties) == name
        ]
        return found

    def function_id(self, name: str) -> str:
        """The logical id of the function whose folder is functions/`name`."""
        wanted = self.function(name)
        (found,) = [
            identifier
            for identifier, each in self.resources("AWS::Lambda::Function").items()
            if each["Properties"] == wanted
        ]
        return found

    def function_name(self, properties: dict[str, Any]) -> str:
        """The folder of a function, by the name of its log group."""
        log_group = self.content["Resources"][properties["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
        name: str = log_group["LogGroupName"].rpartition("/")[2]
        return name

    def mappings(self, name: str) -> list[dict[str, Any]]:
        """The properties of what feeds the function `name`: queues, the table's stream."""
        return [
            mapping
            for mapping in self.properties("AWS::Lambda::EventSourceMapping")
            if self.content["Resources"][mapping["FunctionName"]["Ref"]]["Properties"] == self.function(name)
        ]

    def queue(self, name: str) -> dict[str, Any]:
        """The properties of the queue whose name ends so."""
        (found,) = [queue for queue in self.properties("AWS::SQS::Queue") if queue["QueueName"].endswith(f"-{name}")]
        return found

    def statements(self, name: str) -> list[dict[str, Any]]:
        """What the role of the function `name` is allowed, by every policy that is attached to it."""
        role = self.function(name)["Role"]["Fn::GetAtt"][0]
        return [
            statement
            for policy in self.properties("AWS::IAM::Policy")
            if {"Ref": role} in policy["Roles"]
            for statement in policy["PolicyDocument"]["Statement"]
        ]
