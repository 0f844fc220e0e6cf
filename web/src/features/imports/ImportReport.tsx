import { Alert, Button, Stack, Table, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import type { Import } from "../../api/types";
import { notifyProblem } from "../../components/notify";
import { readProblemsLink } from "./runImport";
import { texts } from "./texts";

/** What an import creates, or what a dry run would, and the problems of the lines. */
export function ImportReport({ state }: { state: Import }) {
  const download = useMutation({
    mutationFn: readProblemsLink,
    onSuccess: ({ url }) => location.assign(url),
    onError: notifyProblem,
  });
  const { report } = state;
  const problems = report?.problems ?? [];
  const count = report?.problems_count ?? 0;
  return (
    <Stack component="section" aria-label={texts.report}>
      {state.status === "failed" ? (
        <Alert color="red" role="alert">
          {texts.failed(state.reason ?? "")}
        </Alert>
      ) : (
        report !== null && (
          <Text role="status">
            {state.dry_run ? texts.wouldCreate(report) : texts.hasCreated(report)}
          </Text>
        )
      )}
      {count > 0 && (
        <>
          <Title order={2} size="h4">
            {texts.problems(count)}
          </Title>
          <Table verticalSpacing={4} style={{ overflowWrap: "anywhere" }}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th scope="col">{texts.line}</Table.Th>
                <Table.Th scope="col">{texts.problem}</Table.Th>
                <Table.Th scope="col">{texts.effect}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {problems.map(({ line, field, code, value, message, effect }, index) => (
                <Table.Tr key={index}>
                  <Table.Td>{line}</Table.Td>
                  <Table.Td>{texts.describe(code, value, message)}</Table.Td>
                  <Table.Td>{texts.effects[effect](field)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </>
      )}
      {count > problems.length && (
        <Button variant="subtle" size="xs" onClick={() => download.mutate(state.id)}>
          {texts.allProblems(count)}
        </Button>
      )}
    </Stack>
  );
}
