// How a text of an EU card begins: all that a gate has loaded before it is shown one.

export const PREFIX = "HC1:";
