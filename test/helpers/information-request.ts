/** Returns the content of an information request about a server. `more` has further fields, such as `answerBy`. */
export function requestContent(more: object = {}) {
  return {
    question: { value: 'EXERCISE: who saw this server?', lang: 'en' },
    purpose: 'incident-response',
    priority: 'IMMEDIATE',
    maxMarkingUsable: 'AMBER',
    ...more,
  };
}
