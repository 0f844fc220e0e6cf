import { ActionIcon, Box, Button, Group, Title } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";

import { readAllPages } from "../../api/queries";
import { addDays, addMonths, getDay, getFirstWeekday, listMonthDays } from "../../components/dates";
import { ProblemAlert } from "../../components/ProblemAlert";
import { locale } from "../../i18n";
import { useAccount, useTimeZone } from "../account/useAccount";
import { matchesFilter } from "../board/columns";
import { FilterBar } from "../board/FilterBar";
import { useBoardFilter, useServerFilter } from "../board/useBoardFilter";
import { useCurrentProject } from "../projects/ProjectLayout";
import { canWrite } from "../projects/queries";
import { calendarsKey, readCards } from "../task/queries";
import { useOpenTask } from "../task/useOpenTask";
import { CalendarGrid } from "./CalendarGrid";
import { texts } from "./texts";

const PAGE = 100;

/** The tasks of a month by due date; the month is in the address. */
export default function CalendarPage() {
  const project = useCurrentProject();
  const zone = useTimeZone();
  const today = getDay(new Date(), zone);
  const [search, setSearch] = useSearchParams();
  const asked = search.get("month") ?? "";
  const month = /^\d{4}-(0[1-9]|1[0-2])$/.test(asked) ? asked : today.slice(0, 7);
  // The language alone has no region: `en` would begin the week on Sunday everywhere.
  const days = listMonthDays(month, getFirstWeekday(navigator.language));
  const [, openTask] = useOpenTask();
  const { data: account } = useAccount();
  const [filter, setFilter] = useBoardFilter();
  const serverFilter = useServerFilter();
  const range = {
    ...serverFilter,
    // The month takes its place.
    due: undefined,
    due_after: addDays(days[0] ?? month, -1),
    due_before: addDays(days.at(-1) ?? month, 1),
  };
  const { data, error } = useQuery({
    queryKey: [...calendarsKey, project.id, range],
    queryFn: () =>
      readAllPages((cursor) =>
        readCards({ project: [project.id], ...range, ordering: "due_date", limit: PAGE, cursor }),
      ),
  });
  const tasks = data?.filter((task) => matchesFilter(task, filter, account?.id));
  const show = (next: string) =>
    setSearch((before) => {
      const after = new URLSearchParams(before);
      after.set("month", next);
      return after;
    });
  const title = new Intl.DateTimeFormat(locale, { month: "long", year: "numeric" });
  return (
    <Box pb="sm">
      <FilterBar key={search.get("view")} project={project} filter={filter} onChange={setFilter} />
      <Box px={{ base: "md", sm: "xl" }}>
        <ProblemAlert error={error} />
        <Group mb="sm" gap="xs">
          <ActionIcon
            variant="default"
            aria-label={texts.previous}
            onClick={() => show(addMonths(month, -1))}
          >
            <IconChevronLeft size={16} />
          </ActionIcon>
          <ActionIcon
            variant="default"
            aria-label={texts.next}
            onClick={() => show(addMonths(month, 1))}
          >
            <IconChevronRight size={16} />
          </ActionIcon>
          <Button variant="default" size="xs" onClick={() => show(today.slice(0, 7))}>
            {texts.today}
          </Button>
          <Title order={2} size="h4" aria-live="polite">
            {title.format(new Date(`${month}-15T12:00:00`))}
          </Title>
        </Group>
        <CalendarGrid
          month={month}
          days={days}
          today={today}
          tasks={tasks ?? []}
          isEditable={canWrite(project)}
          onOpen={openTask}
        />
      </Box>
    </Box>
  );
}
