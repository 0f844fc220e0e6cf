import type { ReactNode } from "react";
import { Link, useLocation } from "react-router";

import classes from "./NavigationLink.module.css";

interface Props {
  to: string;
  /** The pages below this path belong to the link; without it only the page itself does. */
  under?: string;
  icon: ReactNode;
  children: ReactNode;
  count?: number | string;
}

/** A link of the side bar. */
export function NavigationLink({ to, under, icon, children, count }: Props) {
  const { pathname } = useLocation();
  const isActive = under === undefined ? pathname === to : pathname.startsWith(under);
  return (
    <Link to={to} className={classes.link} data-active={isActive || undefined}>
      {icon}
      <span className={classes.label}>{children}</span>
      {count !== undefined && <span className={classes.count}>{count}</span>}
    </Link>
  );
}
