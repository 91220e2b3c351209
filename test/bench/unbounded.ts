/** Budgets without limits: a bench sends as many requests as the hub can answer, which a budget would refuse. */
export const unbounded = {
  JCU_READER_BUDGET: '500000000/60',
  JCU_ORGANISATION_BUDGET: '1000000000/60',
} as const;
