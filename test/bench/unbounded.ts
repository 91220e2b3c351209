/** One reader asks in a bench as much as the hub can answer: what a budget is there to refuse. */
export const unbounded = {
  JCU_READER_BUDGET: '500000000/60',
  JCU_ORGANISATION_BUDGET: '1000000000/60',
} as const;
