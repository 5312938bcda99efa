import type { CommandName } from "./arguments.ts";

const general = `beeline: messages between people, from a terminal or a script

  beeline register      create an account and sign in
  beeline login         sign in on this machine
  beeline logout        end the session
  beeline buddies       list buddies; add, accept or remove one
  beeline group         groups: list, create, invite, join, and the rest
  beeline send          send a message
  beeline send-file     send files
  beeline listen        print what happens as JSON lines
  beeline export        write the history into a file, readable or encrypted
  beeline import        take the messages of such a file in
  beeline servers       list the servers on the local network
  beeline route         choose by which ways messages to a buddy may go
  beeline doctor        find out what is wrong
  beeline help COMMAND

Every command takes
  --server URL   address of the rendezvous server, or an invitation link; the last
                 one used if left out
  --user NAME    user name; the last one used if left out
  --data DIR     where history and settings are kept; BEELINE_DATA, else the
                 platform's folder for data. One process at a time uses an account.
  --no-lan       neither announces this device on the local network nor looks for others
                 there
  --verbose      what the engine does, on the standard error
  --version      this program's version

Exit codes
  0 done   1 failed   2 wrong usage   3 server not reachable   4 refused, or not
  signed in   5 message not delivered   6 history or settings not usable   7 the
  server's certificate is not the one of its invitation link
`;

const byCommand: Record<CommandName, string> = {
  help: general,
  register: `beeline register --server URL --user NAME [--password-file FILE]
                 [--display-name TEXT] [--invite CODE]

Creates an account and signs in. An invitation link names the server and holds the
code: beeline register --server 'https://…/#invite=…' --user NAME. The password is the first line of FILE, or asked
on the terminal without showing it; it is never an argument.
`,
  login: `beeline login [--server URL] [--user NAME] [--password-file FILE]

Signs in; this machine becomes a device of the account. The password is the first
line of FILE, or asked on the terminal without showing it.
`,
  logout: `beeline logout [--forget-device]

Ends the session. The history stays in the data folder. With --forget-device the
server removes this device and what waits for it too.
`,
  buddies: `beeline buddies [--json]
beeline buddies add NAME      ask somebody, or accept who asked first
beeline buddies accept NAME   accept somebody who asked
beeline buddies remove NAME   end it, decline or withdraw a request, or unblock

The list has a line for each entry: the name, then online, away, busy or offline for
buddies, otherwise requested (you asked), pending (they asked) or blocked. With --json
each line is an object: user, displayName, state, show, statusText.
`,
  group: `beeline group list [--json]                 those you are in, or were
beeline group create NAME USER...            USERs are buddies of yours
                 [--description TEXT] [--announcements on|off] [--members-invite on|off]
beeline group show GROUP                     who is in it, and what its settings are
beeline group invite GROUP USER...
beeline group remove GROUP USER...
beeline group leave GROUP
beeline group dissolve GROUP                 nobody writes there any more
beeline group role GROUP USER member|admin|owner
beeline group about GROUP [--name TEXT] [--description TEXT]
beeline group settings GROUP [--announcements on|off] [--members-invite on|off]
beeline group link GROUP [--expires 12h|7d]  shows the link, or makes one in its place
beeline group link GROUP --end               it lets nobody in any more
beeline group join LINK

GROUP is the name of a group or its id; USER is a user name. The owner does everything;
admins invite, remove members, and change name, settings and link. In a group with
--announcements on only they write. With --members-invite on everybody invites. Whoever
has the link can join: it is made to be shared, and printed to whoever reads the output.

With --json each line is an object. list tells one for each group, and all others but link
the group as it is afterwards: id, name, description; standing: member, left, removed,
dissolved; role, announcements, membersInvite, link (text, expiresAt); members: user,
userId, displayName, role, since. link tells id, link, expiresAt.
`,
  send: `beeline send USER TEXT [--wait queued|sent|delivered] [--timeout SECONDS] [--json]
beeline send --group GROUP TEXT [...]    to everybody in a group, by its name or id

Sends a message; TEXT - reads it from the standard input. Ends when it is
  queued      on this machine's disk; it leaves with the next command that connects
  sent        out of this machine's care: kept by the server's mailbox on its disk, or
              received by the recipient (the default)
  delivered   received by every device of the recipient; in a group, by everybody in it
or with code 5 after --timeout (default 30). What is not sent in time stays queued.
Prints the state and the path (direct, relayed, stored); with --json id, state, path.
`,
  "send-file": `beeline send-file USER FILE... [--timeout SECONDS] [--json]

Sends files. Ends when somebody has each of them whole (delivered), or the server's
mailbox keeps it for who is away (stored; up to 8 MiB), or with code 5 after --timeout
(default 300). One that nobody has fetched by then is offered while another command of
this account runs; it is read from where it lies. With --json an object for each: id,
file, state.
`,
  listen: `beeline listen [--accept-requests] [--keep-unread] [--files DIR]

Prints one JSON object per line until Ctrl-C or SIGTERM. Times are milliseconds since
1970. New kinds of events and fields may be added; ignore what you do not know.

  ready       user, userId, deviceId: of the own account. Comes first
  connection  state: idle, connecting, online, waiting (retryAt), signed-out (reason)
  presence    user, userId; state: buddies, requested, pending, blocked;
              show: online, away, busy, offline; statusText. One for each entry of the
              roster at the start, then one for each change
  group       a group that is there, new or changed: conversationId, group: its name;
              standing: member, left, removed, dissolved; role, members (their number),
              announcements
  message     id, conversationId, group (its name, in a group); user (absent where they
              left the roster and the group), userId: of the sender; type: text, or that of a newer
              version; text; sentAt, receivedAt; path: direct, relayed, stored
  membership  somebody changed a group: id, conversationId, group, user, userId, sentAt;
              change: found, invite, remove, leave, join, role, settings, about, link,
              dissolve; people (user, userId): whom they invited, removed or gave a role.
              user is absent where it is not known yet: somebody has just come in
  delivery    of an own message: id, conversationId, user and userId, or group; state: queued
              (waiting), sent, delivered, read (path, reason, at), failed (reason)
  change      a message was edited, taken back (type: recalled), reacted to, pinned or
              unpinned; as it is now: id, conversationId, user, userId, type, text;
              editedAt, pinnedAt where it is so; reactions: user, userId, emoji
  file        with --files: a file was saved; id of its message, path

Messages that came while nobody listened are printed first, oldest first. What was
printed counts as read, and its sender is told; with --keep-unread it does not, and is
printed again at the next start. With --accept-requests whoever asks becomes a buddy.
With --files every file that is printed is fetched and saved in DIR under a safe name,
never over another.
`,
  export: `beeline export FILE [--chat USER] [--passphrase-file FILE] [--json]

Writes the history of this account on this machine, or with --chat that with one person:
as JSON, which anybody who has the file can read, or with --passphrase-file as an encrypted
backup, which only the first line of that file opens (10 characters or more). The app
imports and restores both. FILE - is the standard output; a file that exists is never
overwritten. The contents of files that were sent are not in it. Prints how many messages
were written; with --json an object: file, messages.
`,
  import: `beeline import FILE [--passphrase-file FILE] [--json]

Takes the messages of an export, or with --passphrase-file of an encrypted backup, into
this machine's history; each once, and those that are here stay as they are. Only files of
the same account are taken. Prints how many were added and how many were here already;
with --json an object: added, known.
`,
  servers: `beeline servers [--wait SECONDS] [--json]

Lists the servers that announce themselves on the local network, after --wait (default
3): the address, as --server takes it, and the name. Nothing proves what they say; a
server with a certificate of its own needs its invitation link. With --json each line
is an object: name, address, secure, and pin where its certificate is its own.
`,
  route: `beeline route USER [POLICY] [--json]

Shows by which ways messages between you and a buddy may go, by your choice and by theirs,
after changing yours where POLICY is given:
  automatic    directly where that is possible, else by the server
  direct-only  directly only: neither relayed nor kept in the server's mailbox
  lan-only     directly, and between addresses of one local network only
  relay-only   never directly: the two see nothing of each other's addresses
Both policies hold at both ends. What neither leaves a way for stays queued. Yours is told
to their devices whenever this one is online. With --json an object: user, own, theirs.
`,
  doctor: `beeline doctor [--server URL] [--user NAME]

Checks the data folder, the server, the session, the clock and direct links. One line
for each check, with what to do where it fails; code 1 if one did.

beeline doctor USER [--json]

Tests the ways to a buddy: this end and theirs look at the server, UDP, TURN and the
local network, then a direct link and the relay are tried. One line for each, then what
is in the way and what to do. Takes up to 20 seconds. Code 1 where no message reaches
them now, 3 where that is because the server is not reached. With --json an object:
user, and examinations: one for each of their devices that is there, or one of this end
alone; findings name what is in the way, ok where nothing is.
`,
};

export function helpText(command: CommandName): string {
  return byCommand[command];
}
