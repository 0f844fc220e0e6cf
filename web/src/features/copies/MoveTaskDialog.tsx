import { useNavigate } from "react-router";

import type { Task } from "../../api/types";
import { ChooseDialog } from "../../components/ChooseDialog";
import { notifySuccess } from "../../components/notify";
import { canWrite, useProjects } from "../projects/queries";
import { useTaskLink } from "../task/useOpenTask";
import { useMoveToProject } from "./queries";
import { texts } from "./texts";

/** Moves a task to another project, and opens it there. */
export default function MoveTaskDialog({ task, onClose }: { task: Task; onClose: () => void }) {
  const { data: projects } = useProjects();
  const move = useMoveToProject(task);
  const navigate = useNavigate();
  const linkTo = useTaskLink();
  const others = projects?.filter((project) => project.id !== task.project && canWrite(project));

  function submit(project: string) {
    move.mutate(project, {
      onSuccess: ({ task: moved, unassigned }) => {
        notifySuccess(texts.moved(moved.key, unassigned.length));
        onClose();
        void navigate(linkTo(moved.id), { replace: true });
      },
    });
  }

  return (
    <ChooseDialog
      title={texts.moveTask(task.key)}
      hint={texts.moveHint}
      label={texts.project}
      options={(others ?? []).map(({ id, name }) => ({ value: id, label: name }))}
      button={texts.move}
      error={move.error}
      isPending={move.isPending}
      onClose={onClose}
      onChoose={submit}
    />
  );
}
