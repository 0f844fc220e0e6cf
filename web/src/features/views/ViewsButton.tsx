import { Button, type ButtonProps } from "@mantine/core";
import { IconBookmark } from "@tabler/icons-react";
import type { ComponentProps } from "react";
import { useSearchParams } from "react-router";

import { m } from "../../i18n";
import { hasOverrides } from "./filter";
import { useOpenView } from "./useView";

/** The name of the open view, as the button of a menu. */
export function ViewsButton(props: ButtonProps & ComponentProps<"button">) {
  const [search] = useSearchParams();
  const { data: view } = useOpenView();
  return (
    <Button
      size="xs"
      variant={view ? "light" : "default"}
      leftSection={<IconBookmark size={14} />}
      maw={220}
      {...props}
    >
      {view?.name ?? m.views.title}
      {view && hasOverrides(search) && " *"}
    </Button>
  );
}
