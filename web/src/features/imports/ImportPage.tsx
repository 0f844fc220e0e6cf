import { Button, Group, Progress, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Link } from "react-router";

import type { Import, ImportFormat } from "../../api/types";
import { ProblemAlert } from "../../components/ProblemAlert";
import { Select } from "../../components/Select";
import { usePageTitle } from "../../components/usePageTitle";
import { m } from "../../i18n";
import { canWrite, projectsKey, useProjects } from "../projects/queries";
import { FileDrop } from "./FileDrop";
import { ImportReport } from "./ImportReport";
import { runImport } from "./runImport";
import { texts } from "./texts";

const FORMATS: ImportFormat[] = [
  "todoist_csv",
  "trello_json",
  "asana_csv",
  "github_csv",
  "project_json",
];
const NEW = "new";

/** Imports tasks from a file: choose, check what would become of it, import. */
export default function ImportPage() {
  usePageTitle(texts.title);
  const { data: projects } = useProjects();
  const [format, setFormat] = useState<ImportFormat>("todoist_csv");
  const [target, setTarget] = useState(NEW);
  const [file, setFile] = useState<File | null>(null);
  const run = useImport();
  const [name, setName] = useState("");
  const writable = projects?.filter((each) => canWrite(each) && each.archived_at === null) ?? [];
  const isNew = target === NEW;

  function start(isDryRun: boolean) {
    const into = isNew ? { name } : { project: target };
    if (file !== null) {
      run.mutate({ file, options: { format, dry_run: isDryRun, ...into } });
    }
  }

  /** Returns a function that sets a value, after which the report is no longer right. */
  function changing<T>(set: (value: T) => void) {
    return (value: T) => {
      run.reset();
      set(value);
    };
  }

  return (
    <Stack p={{ base: "md", sm: "xl" }} maw={900}>
      <Title order={1} size="h2">
        {texts.title}
      </Title>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          start(false);
        }}
      >
        <Stack>
          <Select
            label={texts.format}
            description={texts.hints[format]}
            data={FORMATS.map((value) => ({ value, label: texts.formats[value] }))}
            value={format}
            allowDeselect={false}
            onChange={changing((value) => value && setFormat(value as ImportFormat))}
          />
          <FileDrop
            file={file}
            accept={format.endsWith("json") ? ".json" : ".csv"}
            onChange={changing(setFile)}
          />
          <Select
            label={texts.target}
            data={[
              { value: NEW, label: texts.newProject },
              ...writable.map((each) => ({ value: each.id, label: each.name })),
            ]}
            value={target}
            allowDeselect={false}
            searchable
            onChange={changing((value) => value && setTarget(value))}
          />
          {isNew && (
            <TextInput
              label={m.projects.name}
              required
              maxLength={200}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
          )}
          <ProblemAlert error={run.error} />
          <Group>
            <Button
              variant="default"
              disabled={file === null || (isNew && name.trim() === "")}
              loading={run.isPending && run.isDryRun}
              onClick={() => start(true)}
            >
              {texts.check}
            </Button>
            <Button
              type="submit"
              disabled={file === null || run.data?.dry_run === false}
              loading={run.isPending && !run.isDryRun}
            >
              {texts.start}
            </Button>
          </Group>
        </Stack>
      </form>
      {run.isPending && <Running percent={run.percent} />}
      {run.data && <ImportReport state={run.data} />}
      {run.data && <OpenProject state={run.data} />}
    </Stack>
  );
}

function Running({ percent }: { percent: number }) {
  return (
    <Stack gap={4}>
      <Text size="sm" role="status">
        {m.jobs.running}
      </Text>
      <Progress value={percent} aria-label={m.jobs.progress} />
    </Stack>
  );
}

function OpenProject({ state }: { state: Import }) {
  const isThere = state.status === "done" && !state.dry_run && state.project !== null;
  return (
    isThere && (
      <Group>
        <Button component={Link} to={`/projects/${state.project}/board`}>
          {texts.open}
        </Button>
      </Group>
    )
  );
}

/** Runs an import. It goes on without the page, which only stops to ask for its state. */
function useImport() {
  const queries = useQueryClient();
  const [percent, setPercent] = useState(0);
  const page = useRef<AbortController>(null);
  useEffect(() => {
    const controller = new AbortController();
    page.current = controller;
    return () => controller.abort();
  }, []);
  const run = useMutation({
    mutationFn: (request: Parameters<typeof runImport>[0]) => {
      setPercent(0);
      return runImport(request, page.current?.signal ?? AbortSignal.abort(), setPercent);
    },
    onSettled: () => queries.invalidateQueries({ queryKey: projectsKey }),
  });
  return { ...run, percent, isDryRun: run.variables?.options.dry_run === true };
}
