import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { ProjectDetails } from "../../api/types";
import { ChooseDialog } from "../../components/ChooseDialog";
import { notifySuccess } from "../../components/notify";
import { m } from "../../i18n";
import { getName, projectsKey } from "./queries";

interface Props {
  project: ProjectDetails;
  onClose: () => void;
}

/** Makes another member the owner of the project. */
export default function TransferDialog({ project, onClose }: Props) {
  const queries = useQueryClient();
  const transfer = useMutation({
    mutationFn: (user_id: string) =>
      unwrap(
        api.POST("/api/projects/{project_id}/transfer", {
          params: { path: { project_id: project.id } },
          body: { user_id },
        }),
      ),
    onSuccess: async () => {
      notifySuccess(m.projects.transferred);
      onClose();
      await queries.invalidateQueries({ queryKey: projectsKey });
    },
  });
  const others = project.members.filter(({ role }) => role !== "owner");
  return (
    <ChooseDialog
      title={m.projects.transfer}
      hint={m.projects.transferHint}
      label={m.projects.newOwner}
      options={others.map((member) => ({ value: member.user_id, label: getName(member) }))}
      button={m.projects.transferButton}
      color="red"
      error={transfer.error}
      isPending={transfer.isPending}
      onClose={onClose}
      onChoose={(id) => transfer.mutate(id)}
    />
  );
}
