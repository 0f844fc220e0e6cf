import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

import { m } from "../i18n";

const indigo: MantineColorsTuple = [
  "#eef0fc",
  "#dbdff6",
  "#b4bced",
  "#8a97e5",
  "#6777dd",
  "#5163d9",
  "#4658d7",
  "#374abf",
  "#2f41ab",
  "#243797",
];

/** Returns the theme, with texts in the language of the user. */
export function buildTheme() {
  const closeButtonProps = { "aria-label": m.common.close };
  // A page has one banner, and a dialog over a panel would be the second one.
  const dialog = { closeButtonProps, attributes: { header: { role: "presentation" } } };
  return createTheme({
    colors: { indigo },
    primaryColor: "indigo",
    primaryShade: { light: 6, dark: 5 },
    defaultRadius: "md",
    cursorType: "pointer",
    fontFamily:
      'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
    headings: { fontWeight: "650" },
    components: {
      Drawer: { defaultProps: dialog },
      Modal: { defaultProps: dialog },
      Notification: { defaultProps: { closeButtonProps } },
    },
  });
}

// White on Mantine's red is hard to read.
const red = {
  "--mantine-color-red-filled": "var(--mantine-color-red-9)",
  "--mantine-color-red-filled-hover": "#b02525",
};

/** Darker texts than Mantine's, for a contrast of at least 4.5 to 1. */
export const resolveColors: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    ...red,
    "--mantine-color-dimmed": "#5a6169",
    "--mantine-color-placeholder": "#6b7279",
    "--mantine-color-error": "var(--mantine-color-red-9)",
  },
  dark: {
    ...red,
    "--mantine-color-anchor": "var(--mantine-color-indigo-3)",
    "--mantine-color-dimmed": "var(--mantine-color-dark-1)",
    "--mantine-color-placeholder": "var(--mantine-color-dark-2)",
    "--mantine-color-error": "var(--mantine-color-red-4)",
  },
});
