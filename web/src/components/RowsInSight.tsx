import { Table } from "@mantine/core";
import { type ReactNode, useEffect, useRef, useState } from "react";

import { useIsPrinting } from "./store";

// Rows this many pixels outside of the visible part are shown already.
const MARGIN = "800px";

/**
 * A part of a table's body whose rows are in the document only while they are near the visible part.
 * Meanwhile one empty row has their height, so nothing moves. Paper has all rows.
 */
export function RowsInSight({ children }: { children: ReactNode }) {
  const body = useRef<HTMLTableSectionElement>(null);
  // The height of the rows while they are out of sight.
  const [height, setHeight] = useState<number | null>(null);
  const isOnPaper = useIsPrinting();
  useEffect(() => {
    const element = body.current;
    if (element === null) {
      return undefined;
    }
    const observer = new IntersectionObserver(
      ([entry]) => {
        const hasFocus = element.contains(document.activeElement);
        setHeight(
          !entry || entry.isIntersecting || hasFocus ? null : entry.boundingClientRect.height,
        );
      },
      // The first is for the window, the second for elements that scroll; TypeScript knows only one.
      { rootMargin: MARGIN, scrollMargin: MARGIN } as IntersectionObserverInit,
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <Table.Tbody ref={body}>
      {height === null || isOnPaper ? (
        children
      ) : (
        <tr aria-hidden style={{ height }}>
          <td />
        </tr>
      )}
    </Table.Tbody>
  );
}
