import mongoose from 'mongoose';

/** Shapes of values that many records hold, for mongoose; `_id: false`, since a value has no id. */

const value = (shape: mongoose.SchemaDefinition) => new mongoose.Schema(shape, { _id: false });

/** schema/record/envelope.ts `Time`. */
export const time = value({ utc: Date, precision: String, declaredZone: String });
/** schema/record/envelope.ts `Text`. */
export const text = value({ value: String, lang: String });
/** A list of plain texts, empty where nothing is stored. */
export const words = [String];
/** A list of values of one shape. */
export const listOf = (shape: mongoose.SchemaDefinition) => [value(shape)];
/** One value of a shape. */
export const one = value;
