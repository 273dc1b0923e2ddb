"""The conditions that a policy watches, and what an alert of each says.

Codes and texts of `memory` are those that were observed; the others are made in their image.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Condition:
    """What a policy watches: one per policy, so every device's alert of it has the same `uid` (`sourceConfigUid`)."""

    uid: str
    activity_type: str
    source_type: str
    source_name: str
    subject: str
    code: str
    message: str
    reset_code: str
    reset_message: str
    severity: str = "MODERATE"
    priority: str = "MEDIUM"


CONDITIONS = {
    "memory": Condition(
        uid="205b85b2-8a12-4123-834f-164be08b3314",
        activity_type="CONDITION",
        source_type="CONDITION_AGENT_MEMORY",
        source_name="_average_",
        subject="",
        code="agent_cond_memory_usage_ge",
        message="Memory Utilization is greater than or equal to 80% for 5 minutes",
        reset_code="agent_cond_memory_usage_reset",
        reset_message="Memory Utilization is less than 80%",
    ),
    "cpu": Condition(
        uid="cae74b14-cac8-4c35-8dea-f6ed59622602",
        activity_type="CONDITION",
        source_type="CONDITION_AGENT_CPU",
        source_name="High CPU",
        subject="cpu",
        code="agent_cond_cpu_usage_ge",
        message="CPU Utilization is greater than or equal to 90% for 5 minutes",
        reset_code="agent_cond_cpu_usage_reset",
        reset_message="CPU Utilization is less than 90%",
        severity="MAJOR",
        priority="HIGH",
    ),
    "disk": Condition(
        uid="1f6ac0a9-2f6b-4c39-9e5e-6b8f3d1a7c20",
        activity_type="CONDITION",
        source_type="CONDITION_AGENT_DISK_FREE_SPACE",
        source_name="Disk C:",
        subject="C:",
        code="agent_cond_disk_free_space_le",
        message='Free space of volume "C:" is less than or equal to 5%',
        reset_code="agent_cond_disk_free_space_reset",
        reset_message='Free space of volume "C:" is greater than 5%',
        severity="CRITICAL",
        priority="HIGH",
    ),
    "offline": Condition(
        uid="8d0c5a4e-51f3-4a0e-b1c7-0f7c5a7d9e11",
        activity_type="CONDITION",
        source_type="AGENT_OFFLINE",
        source_name="Server down",
        subject="",
        code="agent_offline",
        message="Agent has been offline for 10 minutes",
        reset_code="agent_online",
        reset_message="Agent is online",
        severity="CRITICAL",
        priority="HIGH",
    ),
    "event": Condition(
        uid="5b0f6f4b-7f0f-4d8e-9a53-2f4a1c7b6d33",
        activity_type="CONDITION",
        source_type="CONDITION_WINDOWS_EVENT_LOG_TRIGGERED",
        source_name="",
        subject="41",
        code="agent_cond_eventlog2",
        message="EventId: 41, Source: Microsoft-Windows-Kernel-Power, Message: The system has rebooted without cleanly "
        "shutting down first.",
        reset_code="agent_cond_eventlog2_reset",
        reset_message="No new event",
        severity="MINOR",
        priority="LOW",
    ),
}
