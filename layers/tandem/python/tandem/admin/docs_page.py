"""The docs page: the OpenAPI document for people, as one HTML file that needs nothing else."""

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from tandem.admin.docs_fields import Components, Field, fields_of, table_of
from tandem.admin.docs_markup import escape, inline, paragraphs
from tandem.admin.docs_style import STYLE
from tandem.admin.openapi_schemas import resolved

Document = dict[str, Any]
Operation = dict[str, Any]

Firsts = Mapping[str, Operation]
"""By the schema of an answer, the operation that shows it in full."""

_METHODS = ("get", "post", "put", "patch", "delete")
_RESPONSES = "#/components/responses/"


def docs_page(document: Document) -> str:
    """The page for an OpenAPI document that openapi.py made."""
    title = escape(document["info"]["title"])
    sections = [(tag["name"], list(_operations(document, tag["name"]))) for tag in document["tags"]]
    contents = "".join(_contents(tag, operations) for tag, operations in sections)
    firsts = _firsts(operation for _, operations in sections for _, _, operation in operations)
    body = "".join(_section(document, tag, operations, firsts) for tag, operations in sections)
    root = document["servers"][0]["url"]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title} API</title><style>{STYLE}</style></head><body>"
        '<a class="skip" href="#top">To the content</a><div class="frame">'
        f'<nav aria-label="Routes"><strong>{title} API</strong>{contents}</nav><main id="top">'
        f"<h1>{title} API</h1><p>{_code(root)} · "
        f'<a href="openapi.json">OpenAPI {escape(document["openapi"])}</a></p>'
        f"{paragraphs(document['info']['description'])}{body}</main></div></body></html>"
    )


def _operations(document: Document, tag: str) -> Iterator[tuple[str, str, Operation]]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item and tag in item[method]["tags"]:
                yield path, method, item[method]


def _firsts(operations: Iterable[Operation]) -> Firsts:
    """Which operation shows an answer in full, where several give it."""
    firsts: dict[str, Operation] = {}
    for operation in operations:
        for answer in operation["responses"].values():
            if "application/json" in answer.get("content", {}):
                firsts.setdefault(_name_of(answer), operation)
    return firsts


def _name_of(answer: dict[str, Any]) -> str:
    return json.dumps(answer["content"]["application/json"]["schema"], sort_keys=True)


def _contents(tag: str, operations: list[tuple[str, str, Operation]]) -> str:
    links = "".join(
        f'<li><a href="#{escape(operation["operationId"])}">{escape(operation["summary"])}</a></li>'
        for _, _, operation in operations
    )
    return f'<h2><a href="#{_anchor(tag)}">{escape(tag)}</a></h2><ul>{links}</ul>'


def _section(document: Document, tag: str, operations: list[tuple[str, str, Operation]], firsts: Firsts) -> str:
    articles = "".join(_article(document, path, method, operation, firsts) for path, method, operation in operations)
    return f'<section id="{_anchor(tag)}"><h2>{escape(tag)}</h2>{articles}</section>'


def _anchor(tag: str) -> str:
    """Apart from operations' names, which hold no dash."""
    return escape("tag-" + tag.lower().replace(" ", "-"))


def _article(document: Document, path: str, method: str, operation: Operation, firsts: Firsts) -> str:
    components: Components = document["components"]["schemas"]
    item = document["paths"][path]
    parameters = [*item.get("parameters", ()), *operation.get("parameters", ())]
    root = (item.get("servers") or document["servers"])[0]["url"]
    name = escape(operation["operationId"])
    return (
        f'<article id="{name}"><h3><a href="#{name}">{escape(operation["summary"])}</a></h3>'
        f'<div class="line"><span class="method {method}">{method.upper()}</span>'
        f'<span class="path">{escape(path)}</span><span class="role">{_role(operation)}</span></div>'
        f"{paragraphs(_without_role(operation))}"
        f"{_parameters(parameters, components)}{_body(operation, components)}"
        f"{_curl(root, path, method, operation, parameters)}{_answers(document, operation, firsts)}</article>"
    )


def _role(operation: Operation) -> str:
    if "x-role" not in operation:
        return "webhook secret"
    return escape(operation["x-role"]) if operation["x-role"] else "no key"


def _without_role(operation: Operation) -> str:
    """The role stands beside the path already."""
    return "\n\n".join(
        each for each in operation["description"].split("\n\n") if not each.startswith(("Role: ", "No key "))
    )


def _parameters(parameters: list[dict[str, Any]], components: Components) -> str:
    fields = [
        Field(
            each["name"],
            {**each["schema"], "description": _described(each)},
            each["required"],
        )
        for each in parameters
    ]
    return f"<h4>Parameters</h4>{table_of(fields, components, 'Name')}" if fields else ""


def _described(parameter: dict[str, Any]) -> str:
    place = "In the path" if parameter["in"] == "path" else ""
    return ". ".join(part for part in (parameter.get("description", ""), place) if part)


def _body(operation: Operation, components: Components) -> str:
    body = operation.get("requestBody")
    if body is None:
        return ""
    content = body["content"]["application/json"]
    optional = "" if body["required"] else ' <span class="soft">(may be left out)</span>'
    table = table_of(list(fields_of(content["schema"], components)), components, "Field")
    told = resolved(content["schema"], components).get("description", "")
    told = f"<p>{inline(text)}</p>" if (text := body.get("description", told)) else ""
    return f"<h4>Body{optional}</h4>{told}{table}{_variants(content)}"


def _answers(document: Document, operation: Operation, firsts: Firsts) -> str:
    components: Components = document["components"]["schemas"]
    shared = document["components"]["responses"]
    rows, shown = [], ""
    for status, each in operation["responses"].items():
        answer = shared[each["$ref"].removeprefix(_RESPONSES)] if "$ref" in each else each
        mood = "good" if status.startswith("2") else "bad"
        headers = "".join(f" <code>{escape(name)}</code>" for name in answer.get("headers", ()))
        rows.append(
            f'<tr><td><strong class="{mood}">{escape(status)}</strong></td>'
            f"<td>{inline(answer['description'])}{headers}</td></tr>"
        )
        if mood == "good":
            shown += _success(answer, components, operation, firsts)
    return (
        f'<h4>Answers</h4><div class="wide"><table class="answers"><tbody>{"".join(rows)}</tbody></table></div>{shown}'
    )


def _same_as(operation: Operation) -> str:
    """One page for all routes: an answer of a hundred fields stands on it once."""
    name, summary = escape(operation["operationId"]), escape(operation["summary"])
    return f'<p class="soft">The answer in full: as that of <a href="#{name}">{summary}</a>.</p>'


def _success(answer: dict[str, Any], components: Components, operation: Operation, firsts: Firsts) -> str:
    content = answer.get("content", {}).get("application/json")
    if content is None:
        return ""
    if (first := firsts[_name_of(answer)]) is not operation:
        return _same_as(first)
    schema = content["schema"]
    variants = schema.get("oneOf", [schema])
    tables = "".join(
        table_of(list(fields_of(each, components)), components, "Field", shows_required=False) for each in variants
    )
    if not tables:
        return ""
    example = _json(content["example"]) if "example" in content else _variants(content)
    return f"<details><summary>The answer in full</summary>{example}{tables}</details>"


def _variants(content: dict[str, Any]) -> str:
    """Examples where there are several; a single one of a body stands in the curl line."""
    return "".join(
        f"<details><summary>{inline(each['summary'])}</summary>{_json(each['value'])}</details>"
        for each in content.get("examples", {}).values()
    )


def _curl(root: str, path: str, method: str, operation: Operation, parameters: list[dict[str, Any]]) -> str:
    """The call as a line for a shell."""
    for each in parameters:
        if each["in"] == "path":
            path = path.replace(f"{{{each['name']}}}", quote(str(each["example"]), safe=""))
    lines = [f"curl {_shell_method(method)}{shlex.quote(root + path)}"]
    if operation.get("x-role"):
        lines.append('-H "Authorization: Bearer $TANDEM_KEY"')
    elif "x-role" not in operation:
        lines.append('-H "X-Tandem-Secret: $WEBHOOK_SECRET"')
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]["application/json"]
        value = content["example"] if "example" in content else next(iter(content["examples"].values()))["value"]
        text = json.dumps(value, indent=2, ensure_ascii=False)
        lines += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(text)}"]
    return f"<h4>Example</h4><pre><code>{escape(' ' + chr(92) + chr(10) + '  ').join(map(escape, lines))}</code></pre>"


def _shell_method(method: str) -> str:
    return "" if method == "get" else f"-X {method.upper()} "


def _json(value: Any) -> str:
    return f"<pre><code>{escape(json.dumps(value, indent=2, ensure_ascii=False), quote=False)}</code></pre>"


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"
