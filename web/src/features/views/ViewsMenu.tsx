import { Menu } from "@mantine/core";
import { IconCheck, IconDeviceFloppy, IconPencil, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useSearchParams } from "react-router";

import type { ProjectDetails, View } from "../../api/types";
import { useOpenOnMount } from "../../components/useOpenOnMount";
import { m } from "../../i18n";
import { canWrite } from "../projects/queries";
import { hasOverrides, readFilter, resolveSearch, withoutFilters } from "./filter";
import { useChangeView, useCreateView, useDeleteView, useViews } from "./queries";
import { useOpenView } from "./useView";
import { ViewDialog } from "./ViewDialog";
import { ViewsButton } from "./ViewsButton";

/**
 * Opens, saves, changes and deletes the saved views of the person, and of a project if there is one. It
 * opens at once.
 */
export default function ViewsMenu({ project }: { project?: ProjectDetails }) {
  const [search, setSearch] = useSearchParams();
  const { isOpen, setOpen, button } = useOpenOnMount<HTMLButtonElement>();
  const [dialog, setDialog] = useState<"create" | "rename" | null>(null);
  const { data: views } = useViews(project?.id, isOpen);
  const { data: view } = useOpenView();
  const create = useCreateView(project?.id);
  const change = useChangeView();
  const remove = useDeleteView();
  const isWritable = project !== undefined && canWrite(project);
  const isOwn = view && (view.project === null || isWritable);
  const resolved = resolveSearch(search, view);
  const current = {
    filter: readFilter(resolved),
    ordering: (resolved.get("ordering") ?? "-created_at") as View["ordering"],
  };

  function open(id: string | null) {
    const next = withoutFilters(search);
    if (id === null) {
      next.delete("view");
    } else {
      next.set("view", id);
    }
    setSearch(next);
  }

  function save(target: View) {
    const { filter } = current;
    // An own view is only for its projects.
    const whole = target.filter.project ? { ...filter, project: target.filter.project } : filter;
    change.mutate(
      { view: target, changes: { ...current, filter: whole } },
      { onSuccess: () => open(target.id) },
    );
  }

  const list = (title: string, items: View[] | undefined) =>
    items &&
    items.length > 0 && (
      <>
        <Menu.Label>{title}</Menu.Label>
        {items.map(({ id, name }) => (
          <Menu.Item
            key={id}
            rightSection={id === view?.id ? <IconCheck size={14} aria-hidden /> : null}
            aria-current={id === view?.id ? "true" : undefined}
            onClick={() => open(id)}
          >
            {name}
          </Menu.Item>
        ))}
      </>
    );

  return (
    <>
      <Menu
        opened={isOpen}
        onChange={setOpen}
        position="bottom-start"
        width={240}
        withinPortal={false}
        withInitialFocusPlaceholder={false}
      >
        <Menu.Target>
          <ViewsButton ref={button} />
        </Menu.Target>
        <Menu.Dropdown>
          {list(m.views.shared, views?.shared)}
          {list(m.views.own, views?.own)}
          <Menu.Divider />
          {view && isOwn && hasOverrides(search) && (
            <Menu.Item leftSection={<IconDeviceFloppy size={14} />} onClick={() => save(view)}>
              {m.views.saveChanges}
            </Menu.Item>
          )}
          <Menu.Item
            leftSection={<IconDeviceFloppy size={14} />}
            onClick={() => setDialog("create")}
          >
            {m.views.create}
          </Menu.Item>
          {view && isOwn && (
            <>
              <Menu.Item leftSection={<IconPencil size={14} />} onClick={() => setDialog("rename")}>
                {m.views.rename}
              </Menu.Item>
              <Menu.Item
                leftSection={<IconTrash size={14} />}
                onClick={() => remove.mutate(view, { onSuccess: () => open(null) })}
              >
                {m.views.delete(view.name)}
              </Menu.Item>
            </>
          )}
          {view && <Menu.Item onClick={() => open(null)}>{m.views.close}</Menu.Item>}
        </Menu.Dropdown>
      </Menu>
      {dialog === "create" && (
        <ViewDialog
          title={m.views.create}
          canShare={isWritable}
          error={create.error}
          isPending={create.isPending}
          onClose={() => setDialog(null)}
          onSave={(name, isShared) =>
            create.mutate(
              { name, isShared, ...current },
              {
                onSuccess: ({ id }) => {
                  setDialog(null);
                  open(id);
                },
              },
            )
          }
        />
      )}
      {dialog === "rename" && view && (
        <ViewDialog
          title={m.views.rename}
          name={view.name}
          error={change.error}
          isPending={change.isPending}
          onClose={() => setDialog(null)}
          onSave={(name) =>
            change.mutate({ view, changes: { name } }, { onSuccess: () => setDialog(null) })
          }
        />
      )}
    </>
  );
}
