/** The charts, with the library that draws them. */
import "@mantine/charts/styles.css";

import { BarChart, DonutChart } from "@mantine/charts";

import type { TaskStatus } from "../../api/types";

const COLORS: Record<TaskStatus, string> = {
  todo: "gray.5",
  in_progress: "indigo.5",
  review: "orange.5",
  done: "teal.5",
};

interface Row {
  name: string;
  count: number;
}

/** The numbers of tasks by status, as parts of a ring with their sum inside. */
export function StatusChart({
  rows,
  height,
}: {
  rows: (Row & { status: TaskStatus })[];
  height: number;
}) {
  const sum = rows.reduce((total, { count }) => total + count, 0);
  const data = rows.map(({ name, status, count }) => ({
    name,
    value: count,
    color: COLORS[status],
  }));
  return <DonutChart data={data} mx="auto" chartLabel={sum} withTooltip h={height} />;
}

interface BarsProps {
  rows: Row[];
  height: number;
  /** What is counted. */
  label: string;
  color: string;
  /** Whether the bars grow to the right, with room for longer names. */
  isHorizontal?: boolean;
}

/** A bar for each number. */
export function BarsChart({ rows, height, label, color, isHorizontal = false }: BarsProps) {
  const counts = { allowDecimals: false };
  return (
    <BarChart
      h={height}
      data={rows}
      dataKey="name"
      series={[{ name: "count", label, color }]}
      {...(isHorizontal
        ? { orientation: "vertical", yAxisProps: { width: 110 }, xAxisProps: counts }
        : { yAxisProps: counts })}
    />
  );
}
