"""Keeps a copy of the records that a reader may see, in a file of JSON Lines.

    JCU_TOKEN=$(npx hub token --as cert-eu-analyst --purpose incident-response) python sync.py copy.jsonl

Run it again to continue: after a kill, after the end of the token, a day later. While it reads, it appends one line for each
page, so a kill costs one page at most. At the end it replaces the file by one line for each record, and one for the cursor of
each community.
"""

import argparse
import json
import os
import sys

from gql.transport.exceptions import TransportError, TransportQueryError

from hub import connect, read_operation

COMMUNITIES = ("enisa", "certEu", "europol", "eeas", "defence", "jointUnit")
# The hub returns 50 nodes in one operation at most.
MOST_IDS = 50


class Copy:
    """The records and the cursors of the file."""

    def __init__(self, path):
        self.path = path
        self.records = {}
        self.cursors = {}
        # The hub takes a cursor with the `since` of its first page only.
        self.since = None
        # The records of a community whose changes begin again, until they are listed again.
        self.unlisted = {}

    def load(self):
        """Reads the file. Cuts off a line that a kill left incomplete."""
        if not os.path.exists(self.path):
            return
        with open(self.path, "r+b") as file:
            whole = 0
            for line in file:
                if not line.endswith(b"\n"):
                    file.truncate(whole)
                    break
                self.apply(json.loads(line))
                whole += len(line)

    def apply(self, line):
        """Applies one line of the file: a page, a record, or a cursor."""
        community = line["community"]
        self.since = line.get("since", self.since)
        if "page" in line:
            self.apply_page(community, line["page"])
        elif "cursor" in line:
            self.cursors[community] = line["cursor"]
        else:
            self.records[line["recordId"]] = line

    def apply_page(self, community, page):
        if page["startsOver"]:
            self.unlisted[community] = {key for key, one in self.records.items() if one["community"] == community}
        unlisted = self.unlisted.get(community, set())
        for change in page["changes"]:
            key = change["recordId"]
            unlisted.discard(key)
            if change["record"] is None:
                self.records.pop(key, None)
            else:
                self.records[key] = {"community": community, **change}
        if page["isLast"]:
            for key in unlisted:
                self.records.pop(key, None)
            self.unlisted.pop(community, None)
        self.cursors[community] = page["cursor"]

    def append(self, line):
        """Writes a page to the disk before it counts."""
        with open(self.path, "ab") as file:
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.apply(line)

    def compact(self):
        """Replaces the pages by the records, in one step."""
        lines = [*self.records.values()]
        lines += [{"community": key, "since": self.since, "cursor": cursor} for key, cursor in self.cursors.items()]
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.path + ".new", self.path)


def read_records(session, ids):
    """Returns the records by their ids. A record that the reader lost in between is missing; a later change says so."""
    found = {}
    for at in range(0, len(ids), MOST_IDS):
        answer = session.execute(read_operation("14-nodes", {"ids": ids[at : at + MOST_IDS]}))
        found.update({node["id"]: node for node in answer["nodes"] if node is not None})
    return found


def read_changes(session, variables):
    """Returns the pages of the communities. A community that did not answer has none."""
    query = read_operation("09-changes", variables)
    try:
        return session.execute(query)["changes"]
    except TransportQueryError as error:
        codes = {(one.get("extensions") or {}).get("code") for one in error.errors or []}
        if codes != {"PART_UNAVAILABLE"} or not (error.data or {}).get("changes"):
            raise
        return error.data["changes"]


def read_round(session, copy, size):
    """Reads one page of each community. Returns whether there is a next page, and the communities that did not answer."""
    pages = read_changes(session, {"since": copy.since, "first": size, **copy.cursors})
    for community in COMMUNITIES:
        page = pages[community]
        if page is None:
            continue
        changes = page["nodes"]
        found = read_records(session, [one["recordId"] for one in changes if not one["isGone"]])
        line = {
            "changes": [{**one, "record": found.get(one["recordId"])} for one in changes],
            "cursor": page["pageInfo"]["endCursor"] or copy.cursors.get(community),
            "startsOver": page["startsOver"],
            "isLast": not page["pageInfo"]["hasNextPage"],
        }
        copy.append({"community": community, "since": copy.since, "page": line})
        if changes:
            print(f"{community}: {len(changes)} changes, {len(copy.records)} records in the copy", flush=True)
    has_next = any(page is not None and page["pageInfo"]["hasNextPage"] for page in pages.values())
    return has_next, [community for community in COMMUNITIES if pages[community] is None]


def main():
    parser = argparse.ArgumentParser(description="Keeps a copy of the records that a reader may see.")
    parser.add_argument("file", help="the file of the copy")
    parser.add_argument("--since", help="begin with the changes from this time on, such as 2026-09-17T00:00:00Z")
    parser.add_argument("--page", type=int, default=50, help="the number of changes in a page, 100 at most")
    args = parser.parse_args()
    # The records of the copy keep their markings: nobody else on this machine reads them.
    os.umask(0o077)
    copy = Copy(args.file)
    copy.load()
    if not copy.cursors:
        copy.since = args.since
    elif args.since not in (None, copy.since):
        parser.error(f"expected --since {copy.since}, with which {args.file} began; another time needs another file")
    print(f"continues with {len(copy.records)} records, {len(copy.cursors)} cursors", flush=True)
    with connect() as session:
        has_next = True
        while has_next:
            has_next, missing = read_round(session, copy, args.page)
    if missing:
        sys.exit(f"no answer of {', '.join(missing)}: run it again")
    copy.compact()
    print(f"complete: {len(copy.records)} records", flush=True)


if __name__ == "__main__":
    try:
        main()
    except TransportError as error:
        sys.exit(f"stopped: {error}; run it again to continue")
