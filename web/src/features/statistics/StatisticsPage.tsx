import { Paper, SimpleGrid, Stack, Text, Title, VisuallyHidden } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense } from "react";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { formatDay } from "../../components/dates";
import { Loading } from "../../components/Loading";
import { ProblemAlert } from "../../components/ProblemAlert";
import { m } from "../../i18n";
import { useTimeZone } from "../account/useAccount";
import { STATUSES } from "../board/columns";
import { useCurrentProject } from "../projects/ProjectLayout";
import { getName } from "../projects/queries";
import { ProjectFiles } from "./ProjectFiles";
import { texts } from "./texts";

const CHART_HEIGHT = 220;
// The charting library is large; the page shows the numbers without it.
const StatusChart = lazy(() =>
  import("./charts").then((module) => ({ default: module.StatusChart })),
);
const BarsChart = lazy(() => import("./charts").then((module) => ({ default: module.BarsChart })));

/** The numbers of the project as charts, its export and its report. */
export default function StatisticsPage() {
  const project = useCurrentProject();
  const zone = useTimeZone();
  const { data, error } = useQuery({
    queryKey: ["tasks", "statistics", project.id],
    queryFn: () =>
      unwrap(api.GET("/api/tasks/statistics", { params: { query: { project: [project.id] } } })),
    staleTime: 0,
  });
  if (!data) {
    return error ? <ProblemAlert error={error} /> : <Loading />;
  }
  const byStatus = STATUSES.map((status) => ({
    name: m.status[status],
    status,
    count: data.by_status[status] ?? 0,
  }));
  const byAssignee = data.by_assignee.map(({ user_id, count }) => {
    const member = project.members.find((each) => each.user_id === user_id);
    return { name: member ? getName(member) : m.people.unassigned, count };
  });
  const completed = [...data.completed_per_day]
    .reverse()
    .map(({ date, count }) => ({ name: formatDay(date, zone), count }));
  return (
    <Stack px={{ base: "md", sm: "xl" }} py="md">
      <SimpleGrid cols={{ base: 2, md: 4 }}>
        <Figure label={texts.total} value={data.total} />
        <Figure label={m.status.done} value={data.by_status.done ?? 0} />
        <Figure label={texts.overdue} value={data.overdue} />
        <Figure label={texts.dueSoon} value={data.due_in_7_days} />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <ChartCard title={texts.byStatus} rows={byStatus.map((row) => [row.name, row.count])}>
          <StatusChart rows={byStatus} height={CHART_HEIGHT} />
        </ChartCard>
        <ChartCard title={texts.byAssignee} rows={byAssignee.map((row) => [row.name, row.count])}>
          <BarsChart
            rows={byAssignee}
            height={CHART_HEIGHT}
            label={texts.tasks}
            color="indigo.5"
            isHorizontal
          />
        </ChartCard>
      </SimpleGrid>
      <ChartCard
        title={texts.completed}
        rows={completed.filter(({ count }) => count > 0).map((row) => [row.name, row.count])}
      >
        <BarsChart rows={completed} height={CHART_HEIGHT} label={m.status.done} color="teal.5" />
      </ChartCard>
      <ProjectFiles projectId={project.id} />
    </Stack>
  );
}

function Figure({ label, value }: { label: string; value: number }) {
  return (
    <Paper withBorder p="md">
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text fz={28} fw={650}>
        {value}
      </Text>
    </Paper>
  );
}

interface ChartCardProps {
  title: string;
  /** The figures of the chart, for people who cannot see it. */
  rows: [string, number][];
  children: ReactNode;
}

function ChartCard({ title, rows, children }: ChartCardProps) {
  return (
    <Paper withBorder p="md" component="section">
      <Title order={2} size="h6" mb="md">
        {title}
      </Title>
      <VisuallyHidden>
        <ul>
          {rows.map(([name, value]) => (
            <li key={name}>
              {name}: {value}
            </li>
          ))}
        </ul>
      </VisuallyHidden>
      <Suspense fallback={<div style={{ height: CHART_HEIGHT }} />}>{children}</Suspense>
    </Paper>
  );
}
