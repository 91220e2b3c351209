import { Lexer, Source, type Token, TokenKind } from 'graphql';
import { sha256 } from './canonical.ts';

/**
 * Hashes a document without its literal values: SHA-256 of the lexical tokens (GraphQL, section 2.1) joined by one
 * space, with each string as `""` and each number as `0`. A hash of the exact text would confirm a guessed address or
 * name in a query, and cannot be erased. Spaces, commas and comments make no difference. Throws if the text has invalid
 * tokens.
 */
export function hashOperation(document: string): string {
  const lexer = new Lexer(new Source(document));
  const tokens: string[] = [];
  for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) {
    tokens.push(withoutValue(token));
  }
  return sha256(tokens.join(' '));
}

function withoutValue(token: Token): string {
  if (token.kind === TokenKind.STRING || token.kind === TokenKind.BLOCK_STRING) return '""';
  if (token.kind === TokenKind.INT || token.kind === TokenKind.FLOAT) return '0';
  return token.value ?? token.kind;
}
