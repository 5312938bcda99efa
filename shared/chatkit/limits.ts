/** Bounds and intervals of the engine, each with its reason. Times in ms. */

/** Direct links kept open ahead of need. A Chromium renderer takes 500 peer connections at most. */
export const MAX_DIRECT_LINKS = 64;

/** Direct links being opened at one time, so that 64 buddies do not start at once. */
export const MAX_OPENING_LINKS = 6;

/** A message waits this long for a direct link that is being opened, then goes by relay. */
export const DIRECT_GRACE_MS = 300;

/** A direct attempt that has not opened by then will mostly not open (FINDINGS): give it up. */
export const DIRECT_OPEN_TIMEOUT_MS = 8_000;

/** Pause before the next attempt after a failed one; doubles up to the maximum, with jitter. */
export const DIRECT_RETRY_MIN_MS = 5_000;
export const DIRECT_RETRY_MAX_MS = 5 * 60_000;

/** Pause before STUN and TURN servers that could not be renewed are asked for again, at least. */
export const ICE_RETRY_MIN_MS = 30_000;

/**
 * Acknowledgement time-out: two measured round trips and the time after which SCTP sends a lost
 * packet again (RFC 9260 §16: 1 s), within these bounds. With the time between two checks of it, a
 * lost link is noticed within 3 s.
 */
export const ACK_TIMEOUT_MIN_MS = 1_000;
export const ACK_TIMEOUT_MAX_MS = 2_600;

/** A ping over a link is answered by then, or the link counts as silent: as for a message. */
export const LINK_PING_TIMEOUT_MS = 5_000;

/**
 * Pings of one link that are answered: so many at once, then one for each interval. Two devices that
 * examine each other need a few; a pong costs as much as its ping, and nobody gains by more.
 */
export const PONGS_AT_ONCE = 8;
export const PONG_EVERY_MS = 500;

/** A timer that fires this much late tells of a machine that was held up, not of a silent peer. */
export const LATE_TIMER_MS = 200;

/** Messages in flight to one device; the rest wait in the outbox. */
export const MAX_IN_FLIGHT = 128;

/** Reconnecting to the server: full jitter between 0 and min(max, min × 2^attempt). */
export const RECONNECT_MIN_MS = 500;
export const RECONNECT_MAX_MS = 60_000;

/** Time to connect and sign in before an attempt counts as failed. */
export const CONNECT_TIMEOUT_MS = 15_000;

/** An examination of the ways to a person ends after this at the latest. */
export const EXAMINATION_MS = 20_000;

/** A survey of the own network ends after this: STUN and TURN answer within two lost datagrams. */
export const SURVEY_MS = 5_000;

/** Who asks for one so soon after another gets what was found then: many buddies cost no more than one. */
export const SURVEY_KEPT_MS = 3_000;

/** One device is told of this one's network at most this often. Who asks again waits a little longer. */
export const REPORT_EVERY_MS = 5_000;
export const EXAMINATION_ASK_MS = 6_000;

/**
 * Sealed control frames of one link that are opened, each for a millisecond: more than an examination
 * needs. What comes faster is dropped.
 */
export const TALK_AT_ONCE = 8;
export const TALK_EVERY_MS = 1_000;

/** Devices of which is remembered when they were told last; those told longest ago go first. */
export const MAX_REPORTS_NOTED = 512;

/** Devices of a person that are examined at one time; the others are not. */
export const MAX_EXAMINED = 8;

/** A text over the local network: a signal with its route, as JSON. */
export const MAX_LAN_TEXT_BYTES = 24 * 1024;

/** Devices that say to be on the local network, strangers included; a large office's. */
export const MAX_HEARD_DEVICES = 1_024;

/**
 * Who said goodbye on the local network is near so much longer: anybody can say it for them, and each
 * coming costs an attempt to link.
 */
export const LAN_GONE_MS = 5_000;

/** Texts that wait for their turn to one device: two attempts with all their candidates. */
export const MAX_LAN_QUEUE = 128;

/** Texts of one known device that count: at once two attempts, then a candidate each 50 ms. */
export const LAN_TEXTS = { burst: 128, perMs: 0.02 };

/** Runs of one device's program whose texts are known, should somebody play them again. */
export const MAX_LAN_RUNS = 8;

/** People towards whom a route policy was chosen: a full roster, and as many who have left it. */
export const MAX_ROUTES = 2_048;

/** Devices that told their account's route policy: all of a full roster. */
export const MAX_ROUTES_TOLD = 8_192;

/** Route policies told by devices whose lists are being read: a few new buddies at once. */
export const MAX_EARLY_ROUTES = 64;

/** A device that seems not to know a route policy is told again, not more often than this. */
export const ROUTE_REMINDER_MS = 10_000;

/** Pause before a route policy that could not be told is told again; doubles up to the maximum. */
export const ROUTE_RETRY_MIN_MS = 1_000;
export const ROUTE_RETRY_MAX_MS = 60_000;

/** Time for an answer to a request. */
export const REQUEST_TIMEOUT_MS = 15_000;

/** Requests for relay channels under way; further ones wait, for other requests need room too. */
export const MAX_OPENING_RELAYS = 32;

/** Requests that wait for their answers; half of what the server permits one connection. */
export const MAX_PENDING_REQUESTS = 128;

/** Requests behind them, not sent yet: relay channels to a full roster. Beyond it a call is refused. */
export const MAX_WAITING_REQUESTS = 2048;

/**
 * Messages of one sender device held back behind a gap, and for how long: the sender notices a loss
 * after `ACK_TIMEOUT_MAX_MS` at the latest, and what it sends again may be lost some more times.
 */
export const MAX_HELD_BACK = 512;
export const HOLD_BACK_MS = 6 * ACK_TIMEOUT_MAX_MS;

/** Unsent messages of one account; beyond it `send` is refused. */
export const MAX_OUTBOX = 50_000;

/** A message not acknowledged after this is failed: the mailbox has dropped it by then too. */
export const OUTBOX_MAX_AGE_MS = 30 * 24 * 60 * 60 * 1000;

/** A clock further from the server's than this is told to the user. */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** Remembered ids of received messages, per conversation and sender, for dropping duplicates. */
export const MAX_SEEN_IDS = 4_096;

/**
 * How far a conversation's time may run ahead of our clock because a member's clock does: further
 * than any clock is wrong by accident, and short of where times end on the wire.
 */
export const MAX_CLOCK_AHEAD_MS = 100 * 365 * 24 * 60 * 60 * 1000;

/** A device that answered by no link gets its messages by mailbox for so long, or until it speaks. */
export const UNREACHABLE_MS = 30_000;

/** Pause before a relay that was refused for too many requests is asked for again, at least. */
export const RELAY_PAUSE_MIN_MS = 250;

/**
 * A message that the mailbox has had for so long while its device is online is sent again: the
 * mailbox, or the receipt, was lost.
 */
export const STORED_RESEND_MS = 30_000;

/** Pause before a refused or failed `mailbox.put` is tried again; doubles up to the maximum. */
export const MAILBOX_RETRY_MIN_MS = 2_000;
export const MAILBOX_RETRY_MAX_MS = 5 * 60_000;

/** For so long after it was written a message can be edited, or taken back for everybody. */
export const CHANGE_WINDOW_MS = 48 * 60 * 60 * 1000;

/** Edits and reactions kept for messages that have not come: more than one page of a mailbox. */
export const MAX_EARLY_CHANGES = 1_024;

/** People whose reactions are kept with a message: everybody of the largest conversation. */
export const MAX_REACTIONS = 500;

/** Receipts that wait for a way back to their sender, per device; the oldest go first. */
export const MAX_WAITING_RECEIPTS = 4_096;

/** Groups remembered with a sender who has no part in them; asked about again when they are forgotten. */
export const MAX_FOREIGN_GROUPS = 1_024;

/**
 * Groups that this device does not know, and longer logs than it knows, are asked for because messages
 * name them: so many at once, then one each time. Of honest groups the server tells by itself.
 */
export const UNKNOWN_GROUPS_AT_ONCE = 32;
export const UNKNOWN_GROUP_EVERY_MS = 500;

/** Envelopes that wait to be opened; mailbox pages wait for room, a link's are dropped. */
export const MAX_INBOX_QUEUE = 4_096;

/** Devices remembered with their keys after they left the roster, for mail still on its way. */
export const MAX_FORMER_DEVICES = 2_048;

/** How often messages that are older than their conversation keeps them are deleted. */
export const RETENTION_SWEEP_MS = 60 * 60 * 1000;

/** How often the outbox is searched for expired messages. */
export const EXPIRY_CHECK_MS = 60 * 60 * 1000;

/** Transmissions of one message over links before only the mailbox is tried. */
export const MAX_LINK_TRIES = 6;

/** The pause before stored messages are sent again doubles up to this. */
export const STORED_RESEND_MAX_MS = 60 * 60 * 1000;

/** What needs no commit of its own, such as "delivered", waits so long for one to join. */
export const LAZY_COMMIT_MS = 100;

/** Where the store failed, it is tried again after this, with so many of those writes at most. */
export const LAZY_RETRY_MS = 2_000;
export const MAX_LAZY_WRITES = 2_000;

/** Pause before device lists that could not be read are asked for again; doubles up to the maximum. */
export const TRUST_RETRY_MIN_MS = 1_000;
export const TRUST_RETRY_MAX_MS = 5 * 60_000;

/** Then it is left to the next session, or the next change. */
export const TRUST_MAX_RETRIES = 8;

/** Accounts whose device lists are kept: a full roster, and as many who have left it. */
export const MAX_TRUST_RECORDS = 2_048;

/** A message waits so long for the list that says whether a device just seen belongs to its account. */
export const NEWCOMER_GRACE_MS = 1_000;

/** Attempts to put a statement into one's own device list while other devices do, too. */
export const OWN_LIST_TRIES = 6;

/**
 * A device renews its keys in a group before it writes after so long, or after so many of its own
 * messages, in one epoch: what one stolen state opens.
 */
export const GROUP_RENEWAL_MS = 7 * 24 * 60 * 60 * 1000;
export const GROUP_RENEWAL_MESSAGES = 10_000;

/** Groups in memory; the ones used longest ago are read again when they are needed. */
export const MAX_OPEN_GROUPS = 64;

/** Opened conversations whose groups wait to be made ahead of need. */
export const MAX_PREPARED_GROUPS = 32;

/** Groups that are brought up to date at one time, unasked. */
export const GROUPS_AT_ONCE = 2;

/** Groups that wait for it; beyond that they catch up when they are used. */
export const MAX_GROUPS_WAITING = 4_096;

/** Tries of one step with the server before a longer pause: others commit at the same time. */
export const GROUP_TRIES = 8;
export const GROUP_RETRY_MIN_MS = 50;
export const GROUP_RETRY_MAX_MS = 2_000;

/** The pause after tries that all failed; doubles up to the maximum. */
export const GROUP_PAUSE_MIN_MS = 1_000;
export const GROUP_PAUSE_MAX_MS = 5 * 60_000;

/** Pages of commits that a device reads before it rather joins anew. */
export const MAX_COMMIT_PAGES = 16;

/** A device that could not be taken into a group is left out for so long; it joins by itself. */
export const LEFT_OUT_MS = 60_000;

/** A group that was compared with the server's just now need not be for the next bad message. */
export const GROUP_COMPARED_MS = 2_000;

/** Messages and receipts about which is remembered that they could not be opened. */
export const MAX_UNREADABLE_NOTED = 1_024;

/** Key packages of this device at the server, and how many are made before they are sent there. */
export const KEY_PACKAGES_PUBLISHED = 32;
export const KEY_PACKAGES_AT_ONCE = 8;

/** Their life: one is used once, whenever that is. */
export const KEY_PACKAGE_LIFETIME_MS = 365 * 24 * 60 * 60 * 1000;

/** The one of last resort is used often: it is replaced, and its secrets kept for those on the way. */
export const LAST_RESORT_ROTATION_MS = 30 * 24 * 60 * 60 * 1000;
export const LAST_RESORT_LIFETIME_MS = 3 * LAST_RESORT_ROTATION_MS;

/** Secrets of key packages in the store: those published, and what was lost on the way. */
export const KEY_PACKAGES_KEPT = 256;

/** Messages of one conversation that are sealed before the first of them is committed. */
export const MAX_SEAL_BATCH = 64;

/** Where a group could not be reached or its keys not saved, sealing is tried again after this. */
export const SECURING_RETRY_MS = 30_000;

/**
 * A device that could not open a message gets it sealed anew, at once for the first time, then after
 * pauses that grow four times each from the first to the last.
 */
export const UNREADABLE_RETRY_MIN_MS = 1_000;
export const UNREADABLE_RETRY_MAX_MS = 60 * 60 * 1000;

/** Sealings of one message that could not be opened here before the user is told. */
export const UNREADABLE_BEFORE_TOLD = 3;

/** Messages remembered that could not be opened, or were refused. */
export const MAX_UNOPENED_IDS = 512;

/**
 * Envelopes from links that wait for their conversation's group: all that one device sends before it
 * waits for answers, and of all devices together. Beyond that they are dropped and come again.
 */
export const MAX_PARKED_PER_SENDER = 128;
export const MAX_PARKED = 1_024;
/** Conversations of one sender device each in which something waits. */
export const MAX_PARKED_LOTS = 1_024;

/** Keys shared with other devices that are kept at hand; each takes a millisecond to make. */
export const MAX_PAIR_KEYS = 1_024;

/** Groups of which a server may tell at the beginning of a session. */
export const MAX_GROUPS_LISTED = 65_536;

/**
 * Devices in the group of a conversation of two that this device joins: what servers let two people
 * have at the most, and some that are not taken out yet.
 */
export const MAX_CONVERSATION_DEVICES = 160;

/** The same of a group: as many as one Welcome may name, two for each of 500 people. */
export const MAX_GROUP_CONVERSATION_DEVICES = 1_024;

/** How often it is looked again whose the devices are that one commit brings in: each look shows one more. */
export const MAX_LOOKS = 8;

/**
 * Devices that one commit takes into a group: with the tree of a thousand in its Welcome it stays below
 * `MAX_GROUP_MESSAGE_BYTES` (1.4 KB for each new one in the hybrid suite, and as much for each member).
 */
export const MAX_ADDED_AT_ONCE = 64;

/**
 * Whoever left a group is taken out of its keys within this time, whoever writes: long enough that
 * mostly one of many members does it, and the others see that it is done.
 */
export const LEAVERS_OUT_MS = 8_000;

/** Pages of one membership log that are asked for: the longest log, of the longest statements. */
export const MAX_MEMBERSHIP_PAGES = 256;

/** Groups of which this device keeps track: more than a server lets an account be in. */
export const MAX_GROUPS_TOLD = 1_024;

/** Membership logs that are read at the same time. */
export const MEMBERSHIP_LOGS_AT_ONCE = 4;

/** A change to a group is made anew on top of another's so often. */
export const MEMBERSHIP_TRIES = 12;

/** Reading a log that failed: pauses, and how often. */
export const MEMBERSHIP_RETRY_MIN_MS = 500;
export const MEMBERSHIP_RETRY_MAX_MS = 60_000;
export const MEMBERSHIP_READ_TRIES = 8;

/** Whatever is sent as of a group that is none here: the server is asked again after this. */
export const NO_GROUP_MS = 5_000;
export const MAX_NO_GROUPS = 256;

/** Groups that are being founded, or whose founding got no answer: a person founds one at a time. */
export const MAX_FOUNDING = 16;

/** People in groups of whom no device list is known: the server is asked for it again after this. */
export const LISTS_AGAIN_MS = 30_000;

/** Names of people in groups who are no buddies: kept so long, and so many. */
export const PEOPLE_MAX_AGE_MS = 24 * 60 * 60 * 1000;
export const MAX_PEOPLE = 8_192;

/** Pinned messages of a conversation that are listed: more is no longer a choice of what matters. */
export const MAX_PINS = 100;

/** Conversations that one message is forwarded to at once: beyond that it is a broadcast. */
export const MAX_FORWARDS = 20;

/** Somebody who types says so this often at the most. */
export const TYPING_EVERY_MS = 3_000;

/** Without news for so long, somebody no longer types: one frame may be lost. */
export const TYPING_ENDS_MS = 6_000;

/** Words of one person's about their typing that are listened to: at once, and each so many ms. */
export const TYPING_AT_ONCE = 6;
export const TYPING_HEARD_EVERY_MS = 1_000;

/** Records of files in memory; the others are read when they are needed. */
export const MAX_FILE_RECORDS_IN_MEMORY = 2_048;

/** Devices that are remembered to have one file: those of both people, and some that left. */
export const MAX_FILE_DEVICES = 64;

/** Files up to this are hashed before they are sent, and wait in the mailbox of who is offline. */
export const SMALL_FILE_BYTES = 8 * 1024 * 1024;

/**
 * Bytes of files that this device leaves in one mailbox: half of what a server keeps there, so that
 * messages have room. And chunks that are on their way there at one time.
 */
export const MAX_POSTED_BYTES = 32 * 1024 * 1024;
export const POSTED_AT_ONCE = 8;

/** Bytes that one file may take in all mailboxes together: a picture for everybody of a large group. */
export const MAX_POSTED_FILE_BYTES = 64 * 1024 * 1024;

/** Messages whose chunks came before them; of more, the next session thinks. */
export const MAX_AWAITED_FILES = 256;

/**
 * Chunks of files that this device leaves in its own mailbox, for what belongs to them is not here:
 * about half of what a server keeps there, whoever sent them, so that messages have room.
 */
export const MAX_LEFT_CHUNKS = 512;

/** Fetched by themselves unless the person chose otherwise: photos and voice messages. */
export const AUTO_FETCH_BYTES = 8 * 1024 * 1024;

/**
 * What of one conversation is fetched by itself: a gigabyte at once, more than a holiday's pictures, and
 * then a megabyte each ten seconds. The smallest file counts as one. Conversations whose budgets are
 * remembered; and how many files may wait so, for the person is to find room for their own wishes.
 */
export const AUTO_FETCH_BURST_BYTES = 1024 * 1024 * 1024;
export const AUTO_FETCH_BYTES_PER_MS = (1024 * 1024) / 10_000;
export const AUTO_FETCH_COST_BYTES = 1024 * 1024;
export const MAX_AUTO_FETCH_BUDGETS = 1_000;
export const MAX_AUTO_FETCHES = 500;

/**
 * When the vault is looked through for what an earlier end of the program has left there: when the
 * start is over. And how many such files are deleted then; more wait for the next start.
 */
export const VAULT_SWEEP_AFTER_MS = 60_000;
export const MAX_SWEPT_FILES = 1_000;

/** Files that are asked for at one time, one stream each; the others wait for their turn. */
export const MAX_ACTIVE_FETCHES = 4;

/** And of those from one person: a stream that hardly moves takes a place, and all must not be taken so. */
export const MAX_FETCHES_OF_PERSON = MAX_ACTIVE_FETCHES - 1;

/** Files that wait or are paused; who asks for more is told so. */
export const MAX_WANTED_FILES = 1_000;

/** Streams that one device serves at one time: to one other, and to all. */
export const MAX_STREAMS_PER_DEVICE = 4;
export const MAX_STREAMS = 32;

/**
 * Bytes that a receiver permits beyond what it has written: a fast link never waits for the answer,
 * and a slow disk holds this much in memory at the most.
 */
export const FILE_CREDIT_BYTES = 8 * 1024 * 1024;

/**
 * Bytes of files that a link may hold back on this side: what it carries in `FILE_WINDOW_MS`, for a
 * message waits behind them, and within these bounds.
 */
export const FILE_WINDOW_MS = 100;
export const FILE_WINDOW_MIN_BYTES = 128 * 1024;
export const FILE_WINDOW_MAX_BYTES = 3 * 1024 * 1024;

/** A link that is full is looked at this often, and its speed is measured over the longer time. */
export const FILE_LOOK_MS = 2;
export const FILE_MEASURE_MS = 20;

/** What was received is flushed to disk at least this often: what a crash costs. */
export const FILE_FLUSH_BYTES = 8 * 1024 * 1024;

/**
 * A stream that brings nothing for so long is asked for again. Its link is asked for a sign of life
 * after the shorter time, and given up after twice that without one.
 */
export const FILE_SILENCE_MS = 20_000;
export const FILE_STALL_MS = 3_000;

/** Pause before somebody who cannot serve a file is asked again; doubles up to the maximum. */
export const FILE_RETRY_MIN_MS = 2_000;
export const FILE_RETRY_MAX_MS = 5 * 60_000;

/** Words about files from one link: at once, and one for each interval; the rest is dropped. */
export const FILE_WORDS_AT_ONCE = 256;
export const FILE_WORDS_EVERY_MS = 5;

/**
 * Words that somebody may be asked again which are heeded: at once, and one for each interval. Each makes
 * this device look through all that it wants; who is not heeded is asked when the pause is over.
 */
export const FILE_READIES_AT_ONCE = 64;
export const FILE_READY_EVERY_MS = 500;

/**
 * Bytes of plaintext in each chunk of a file that has several: with fewer the work of opening them would
 * be as much as somebody likes, for chunks that were asked for are no flood.
 */
export const MIN_FILE_CHUNK_BYTES = 16 * 1024;

/** Transfer events of one file, at most one for each interval; the speed is that of the last seconds. */
export const TRANSFER_EVENT_MS = 250;
export const TRANSFER_SPEED_MS = 4_000;
