import { expect, test } from '@jest/globals';
import { community as enisa } from '../../../../subgraphs/enisa/community.ts';
import { community as jointUnit } from '../../../../subgraphs/joint-unit/community.ts';
import { bookingsIn, createBookingIndexes } from '../../../../subgraphs/serve/workflow/kinds/bookings.ts';
import { openOwnStore } from '../../../helpers/own-store.ts';

test('creates the collection of bookings only in the store of a community with bookings', async () => {
  const own = await openOwnStore('enisa', enisa.kinds);
  const { store } = own;
  try {
    const names = async () => (await store.connection.listCollections()).map(({ name }) => name);
    await createBookingIndexes(store, enisa.kinds);
    expect(await names()).not.toContain('bookings');
    await createBookingIndexes(store, jointUnit.kinds);
    expect(await bookingsIn(store).indexExists(['taken.progress_1', 'taken.mobilisation_1'])).toBe(true);
  } finally {
    await own.stop();
  }
});
