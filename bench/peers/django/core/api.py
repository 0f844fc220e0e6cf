"""The views of the Django peer, written as the manual of Django REST framework shows it."""

from typing import Any

from django.db.models import Count, QuerySet
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from core.models import Task


class TaskSerializer(serializers.ModelSerializer):
    class Meta:
        model = Task
        fields = [
            "id",
            "project",
            "title",
            "description",
            "status",
            "priority",
            "assigned_to",
            "due_date",
            "created_by",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["id", "created_by", "created_at", "updated_at"]

    def validate_project(self, project: Any) -> Any:
        if not project.members.filter(id=self.context["request"].user.id).exists():
            raise PermissionDenied()
        return project


class StatusSerializer(serializers.Serializer):
    status = serializers.ChoiceField(Task.Status.choices)


class TaskViewSet(viewsets.ModelViewSet):
    serializer_class = TaskSerializer

    def get_queryset(self) -> QuerySet[Task]:
        found = Task.objects.filter(project__members=self.request.user)
        for name in ("project", "status", "priority", "assigned_to"):
            if value := self.request.query_params.get(name):
                found = found.filter(**{name: value})
        return found

    def perform_create(self, serializer: Any) -> None:
        serializer.save(created_by=self.request.user)

    @action(detail=True, methods=["patch"], url_path="status")
    def set_status(self, request: Request, pk: str | None = None) -> Response:
        task = self.get_object()
        body = StatusSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        task.status = body.validated_data["status"]
        task.save(update_fields=["status", "updated_at"])
        return Response(TaskSerializer(task).data)

    @action(detail=False)
    def statistics(self, request: Request) -> Response:
        tasks = self.get_queryset().order_by()
        return Response(
            {
                f"by_{name}": {
                    row[name]: row["count"]
                    for row in tasks.values(name).annotate(count=Count("id"))
                }
                for name in ("status", "priority")
            }
        )
