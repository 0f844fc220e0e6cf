import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";

import classes from "./Markdown.module.css";
import { pictureQuery } from "./pictureQuery";
import { listPictures, prepareHtml } from "./prepareHtml";

/**
 * A text that people wrote, from the API's rendering: the only HTML that the client shows.
 * Its pictures are attachments of the task.
 */
export function MarkdownText({ html, taskId }: { html: string; taskId: string }) {
  const ids = useMemo(() => listPictures(html), [html]);
  const urls = useQueries({
    queries: ids.map((id) => pictureQuery(taskId, id)),
    combine: (results) => results.map(({ data }) => data?.url),
  });
  const prepared = prepareHtml(html, Object.fromEntries(ids.map((id, index) => [id, urls[index]])));
  return <div className={classes.text} dangerouslySetInnerHTML={{ __html: prepared }} />;
}
