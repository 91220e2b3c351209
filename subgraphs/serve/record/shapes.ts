import mongoose from 'mongoose';

/** Mongoose schemas of common values. `_id: false`: a value has no id. */

const value = (shape: mongoose.SchemaDefinition) => new mongoose.Schema(shape, { _id: false });

/** schema/record/envelope.ts `Time`. */
export const time = value({ utc: Date, precision: String, declaredZone: String });
/** schema/record/envelope.ts `Text`. */
export const text = value({ value: String, lang: String });
/** A list of strings; empty if nothing is stored. */
export const words = [String];
/** A list of values with this shape. */
export const listOf = (shape: mongoose.SchemaDefinition) => [value(shape)];
/** A value with this shape. */
export const one = value;
