/**
 * Every bound of the wire protocol. A server announces those it was configured with in
 * `server.info`; these are the defaults and, where the name says MAX, what no peer may exceed.
 */

/** A text frame. The largest legitimate one is a commit with GroupInfo and Welcome, base64. */
export const MAX_TEXT_FRAME_BYTES = 7 * 1024 * 1024;

/** A text frame of a connection that has not signed in. */
export const MAX_STRANGER_FRAME_BYTES = 64 * 1024;

/** A binary frame: channel number and payload. One envelope fits, and a slow link stays responsive. */
export const MAX_BINARY_FRAME_BYTES = 96 * 1024;

/** A sealed envelope with its header. 10,000 characters of the widest text take 40 KB. */
export const MAX_ENVELOPE_BYTES = 64 * 1024;

/** Characters (UTF-16 code units) of a text message. */
export const MAX_TEXT_LENGTH = 10_000;

/** People named in one text: each costs 60 bytes of an envelope. */
export const MAX_MENTIONS = 50;

/** As most file systems have it. */
export const MAX_FILE_NAME_LENGTH = 255;
/** A picture of 200 pixels' width, compressed; it travels in the envelope. */
export const MAX_THUMBNAIL_BYTES = 16 * 1024;
/** Parts of a voice message's waveform: more than a bubble has pixels for. */
export const MAX_WAVEFORM_BYTES = 128;

export const MIN_USER_NAME_LENGTH = 2;
export const MAX_USER_NAME_LENGTH = 32;
export const MAX_DISPLAY_NAME_LENGTH = 64;
export const MIN_PASSWORD_LENGTH = 8;
export const MAX_PASSWORD_LENGTH = 256;
export const MAX_STATUS_TEXT_LENGTH = 140;
export const MAX_NICKNAME_LENGTH = 64;
export const MAX_GROUP_LENGTH = 64;
export const MAX_DEVICE_NAME_LENGTH = 64;

/** Roster entries of one account, requests included. */
export const MAX_ROSTER_ENTRIES = 1000;

/** Devices of one account; each costs its buddies one more envelope for every message. */
export const MAX_DEVICES_PER_ACCOUNT = 8;

/** LAN addresses that a device may announce: a laptop with Wi-Fi, cable, VPN and containers. */
export const MAX_ENDPOINT_ADDRESSES = 16;

/** JSON text of one signal. An SDP offer with one data channel and 20 candidates takes 4 KB. */
export const MAX_SIGNAL_BYTES = 16 * 1024;

/**
 * Relay channels of one connection: one to each device of a full roster that is online. A channel
 * takes half a kilobyte at either end. Its number is 16 bits; 0 stays unused.
 */
export const MAX_RELAY_CHANNELS = 1024;

/**
 * Bytes waiting for one slow receiver on which its senders are told to pause: a second's worth at
 * 2 Mbit/s, so that what is urgent does not wait behind more. They are told to go on when none wait.
 */
export const RELAY_PAUSE_BYTES = 256 * 1024;

/**
 * Bytes waiting at which the server stops reading from a sender that did not pause: what may be on
 * its way to it at 100 Mbit/s within the 150 ms that the word takes over a long line.
 */
export const RELAY_STOP_BYTES = 2 * 1024 * 1024;

/** Envelopes in one `mailbox.put`. */
export const MAILBOX_PUT_BATCH = 64;

/** Envelopes and bytes (before base64) of one page of `mailbox.fetch`. */
export const MAILBOX_PAGE = 100;
export const MAILBOX_PAGE_BYTES = 512 * 1024;

/** What a server keeps for one device, unless configured otherwise. */
export const MAILBOX_QUOTA_BYTES = 64 * 1024 * 1024;
export const MAILBOX_QUOTA_ENVELOPES = 20_000;
export const MAILBOX_MAX_AGE_MS = 30 * 24 * 60 * 60 * 1000;

/** An idle client sends `session.ping` this often; the server closes after three missed ones. */
export const HEARTBEAT_MS = 20_000;

/** A connection that has not signed in by then is closed. */
export const SIGN_IN_DEADLINE_MS = 30_000;

/** Offences (malformed frame, unknown method, broken limit) on one connection before it is closed. */
export const MAX_OFFENCES = 20;

/** Requests of one connection that wait for their answer. */
export const MAX_PENDING_REQUESTS = 256;

/** An OPAQUE message; the longest, a login response, has 427 characters. */
export const MAX_OPAQUE_MESSAGE_LENGTH = 1024;

/** Statements of a device list in one request or answer: 286 bytes each. */
export const DEVICE_LOG_PAGE = 256;
/** Accounts whose lists one `devices.log` asks for. */
export const DEVICE_LOGS_AT_ONCE = 64;

/** A key package of the hybrid suite has 1.6 KB. */
export const MAX_KEY_PACKAGE_BYTES = 8 * 1024;
/** Single-use key packages that the server keeps for a device: what it sends beyond is not kept. */
export const MAX_KEY_PACKAGES = 64;
/** Key packages in one request: a page of frames stays well below the frame limit. */
export const KEY_PACKAGE_BATCH = 64;

/**
 * Commit, GroupInfo or Welcome: three of them, base64, fit one frame. Of a group of a thousand devices
 * in the hybrid suite each has up to 1.5 MB, 1.4 KB for each device.
 */
export const MAX_GROUP_MESSAGE_BYTES = 1_600 * 1024;
/** Devices of one group that one Welcome names. */
export const MAX_GROUP_DEVICES = 1024;
/** Commits kept of one group, and for how long; who was away for longer joins anew. */
export const MAX_GROUP_COMMITS = 256;
/** Bytes of the commits kept of one group; the newest is kept whatever it weighs. */
export const MAX_GROUP_COMMITS_BYTES = 7 * 1024 * 1024;
export const GROUP_COMMIT_MAX_AGE_MS = 35 * 24 * 60 * 60 * 1000;
/** Groups in one page of `group.list`. */
export const GROUP_LIST_PAGE = 1000;

/** Ways to one TURN service: by UDP, TCP and TLS, under two addresses. More only slow ICE down. */
export const MAX_TURN_URIS = 8;
export const MAX_TURN_URI_LENGTH = 300;
export const MAX_TURN_CREDENTIAL_LENGTH = 256;
/** Credentials are renewed at half their life: often enough to bear clocks, seldom enough to be cheap. */
export const MIN_ICE_TTL_MS = 60_000;
export const MAX_ICE_TTL_MS = 7 * 24 * 60 * 60 * 1000;

/** People in one group, its founder included. */
export const MAX_GROUP_MEMBERS = 500;
/** Groups of one account: each may cost it a commit for whatever its members do. */
export const MAX_GROUPS_PER_ACCOUNT = 500;
/** A statement of a group's membership log; the longest founds a group of everybody at once. */
export const MAX_MEMBERSHIP_STATEMENT_BYTES = 8_225;
/** Statements in one answer, and their bytes before base64. */
export const MEMBERSHIP_PAGE = 256;
export const MEMBERSHIP_PAGE_BYTES = 512 * 1024;
/** A group's name, description and picture, sealed. */
export const MAX_GROUP_ABOUT_BYTES = 48 * 1024;
export const MAX_GROUP_NAME_LENGTH = 64;
export const MAX_GROUP_DESCRIPTION_LENGTH = 1_000;
/** A square picture of 256 pixels' width, compressed. */
export const MAX_GROUP_PICTURE_BYTES = 32 * 1024;
/** Profiles that one request asks for. */
export const PROFILES_AT_ONCE = 100;
/** Devices that one `mailbox.post` is for: all of a large group. */
export const MAILBOX_POST_DEVICES = 1024;
