import { useEffect, useRef, useState } from "react";

/**
 * The state of a menu or list whose code was loaded when it was wanted: it opens as soon as it is
 * there, after its button has taken the focus, which comes back when it closes.
 */
export function useOpenOnMount<T extends HTMLElement>() {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<T>(null);
  useEffect(() => {
    button.current?.focus();
    const opening = setTimeout(() => setOpen(true));
    return () => clearTimeout(opening);
  }, []);
  return { isOpen, setOpen, button };
}
