import { Lexer, Source, type Token, TokenKind } from 'graphql';
import { sha256 } from './canonical.ts';

/**
 * What was asked, without the values that it was asked with: SHA-256 of the document's lexical tokens (GraphQL,
 * section 2.1) joined by one space, each string written `""` and each number `0`. A hash of the bare text would
 * betray, to whoever can guess it, the address or the name that a client wrote into its query, and could not be
 * erased. Spaces, commas and comments make no difference. Throws on a text that has no tokens of GraphQL.
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
