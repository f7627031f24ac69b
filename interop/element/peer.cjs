// Plays devices with Element's crypto: reads one JSON object a line from
// standard input, and writes one for each to standard output.
//
//   {"machine":"alice","call":"decryptRoom","args":{…}}
//   {"result":…} or {"error":"…"}
//
// The directory with node_modules is the first argument.
"use strict";

const fs = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");
const readline = require("node:readline");
const { pathToFileURL } = require("node:url");

for (const level of ["log", "info", "debug", "warn"]) console[level] = () => {};

globalThis.crypto ??= require("node:crypto").webcrypto;

const home = path.resolve(process.argv[2]);
const sdk = createRequire(home + path.sep)("@matrix-org/matrix-sdk-crypto-wasm");

/** The manifest of a package. */
const manifest = (name) => JSON.parse(fs.readFileSync(path.join(home, "node_modules", name, "package.json"), "utf8"));

/** A part of Element's client library, where its secret storage is. */
const client = (file) => import(pathToFileURL(path.join(home, "node_modules/matrix-js-sdk/lib", file)));
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
// A call takes what is passed to it away.
const settings = () => new sdk.DecryptionSettings(sdk.TrustRequirement.Untrusted);

// The clocks, which "later" moves for all machines.
let ahead = 0;
for (const clock of [Date, performance]) {
    const now = clock.now.bind(clock);
    clock.now = () => now() + ahead;
}

const users = (ids) => ids.map((id) => new sdk.UserId(id));
const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));
const text = (b) => Buffer.from(b).toString("base64");

/** A request of any kind, as the homeserver needs it. */
function request(r) {
    if (r === undefined || r === null) return null;
    return {
        id: r.id ?? "", type: r.type ?? -1, body: r.body, version: r.version ?? "",
        event_type: r.event_type ?? "", txn_id: r.txn_id ?? "", room_id: r.room_id ?? "",
    };
}

function cancelled(info) {
    return info && { code: info.cancelCode(), reason: info.reason(), by_us: info.cancelledbyUs() };
}

/** What clients offer. */
const methods = [
    sdk.VerificationMethod.SasV1, sdk.VerificationMethod.QrCodeScanV1,
    sdk.VerificationMethod.QrCodeShowV1, sdk.VerificationMethod.ReciprocateV1,
];

// Verifications by machine and flow, since a machine soon forgets those that ended.
const requests = new Map();
const exchanges = new Map();

function remember(map, m, flow, found) {
    if (!map.has(m)) map.set(m, new Map());
    if (found) map.get(m).set(flow, found);
    return map.get(m).get(flow);
}

const find = (m, { user, flow }) => remember(requests, m, flow, m.getVerificationRequest(new sdk.UserId(user), flow));
const sas = (m, { user, flow }) => remember(exchanges, m, flow, m.getVerification(new sdk.UserId(user), flow));

/** What programs show of a verification, and what of its SAS. */
function verification(m, a) {
    const v = find(m, a);
    const s = sas(m, a);
    if (!v) return null;
    return {
        phase: sdk.VerificationRequestPhase[v.phase()],
        cancel: cancelled(v.cancelInfo),
        sas: s && {
            done: s.isDone(), confirmed: s.haveWeConfirmed(), cancel: cancelled(s.cancelInfo()),
            symbols: s.emoji()?.map((e) => [e.symbol, e.description]),
            decimals: s.decimals() && [...s.decimals()],
        },
    };
}

/** The key of a cross-signing key's JSON. */
const publicKey = (json) => Object.values(JSON.parse(json).keys)[0];

const device = (m, a) => m.getDevice(new sdk.UserId(a.user), new sdk.DeviceId(a.device));

/** Secret storage in account data, which is an object, with a key to it. */
async function storage(data, id, key) {
    const { ServerSideSecretStorageImpl } = await client("secret-storage.js");
    return new ServerSideSecretStorageImpl(
        { getAccountDataFromServer: async (type) => data[type] ?? null, setAccountData: async (type, content) => { data[type] = content; } },
        { getSecretStorageKey: async () => [id, key] },
    );
}

/** The key that a recovery key or a passphrase stands for. */
async function storageKey(a, passphrase) {
    if (a.recovery) return (await client("crypto-api/recovery-key.js")).decodeRecoveryKey(a.recovery);
    const { deriveRecoveryKeyFromPassphrase } = await client("crypto-api/key-passphrase.js");
    return deriveRecoveryKeyFromPassphrase(a.passphrase, passphrase.salt, passphrase.iterations);
}

/** Calls that need no machine. */
const general = {
    versions() {
        const v = sdk.getVersions();
        const p = manifest("@matrix-org/matrix-sdk-crypto-wasm");
        return { package: p.name, version: p.version, matrix_sdk_crypto: v.matrix_sdk_crypto, vodozemac: v.vodozemac };
    },
    clientVersion: () => manifest("matrix-js-sdk").version,
    later(a) {
        ahead = a.ms;
    },
    encryptKeyFile: (a) => sdk.OlmMachine.encryptExportedRoomKeys(a.keys, a.passphrase, a.rounds),
    decryptKeyFile: (a) => sdk.OlmMachine.decryptExportedRoomKeys(a.file, a.passphrase),
    newBackupKey() {
        const k = sdk.BackupDecryptionKey.createRandomKey();
        return { private: k.toBase64(), public: k.megolmV1PublicKey.publicKeyBase64, algorithm: k.megolmV1PublicKey.algorithm };
    },
    decryptBackup: (a) => sdk.BackupDecryptionKey.fromBase64(a.private).decryptV1(a.ephemeral, a.mac, a.ciphertext),
    encryptFile(a) {
        const e = sdk.Attachment.encrypt(bytes(a.data));
        return { data: text(e.encryptedData), info: e.mediaEncryptionInfo };
    },
    decryptFile: (a) => text(sdk.Attachment.decrypt(new sdk.EncryptedAttachment(bytes(a.data), a.info))),
    /** A new key, from a passphrase if there is one, in account data. */
    async newStorage(a) {
        const passphrase = a.passphrase ? { algorithm: "m.pbkdf2", salt: a.salt, iterations: a.iterations } : undefined;
        const key = passphrase ? await storageKey(a, passphrase) : crypto.getRandomValues(new Uint8Array(32));
        const data = {};
        const s = await storage(data);
        const { keyId } = await s.addKey("m.secret_storage.v1.aes-hmac-sha2", { name: "a key", key, passphrase });
        await s.setDefaultKeyId(keyId);
        return { data, recovery: (await client("crypto-api/recovery-key.js")).encodeRecoveryKey(key) };
    },
    /** Stores and reads secrets under the default key. */
    async useStorage(a) {
        const [id, info] = await (await storage(a.data)).getKey();
        const key = await storageKey(a, info.passphrase);
        const s = await storage(a.data, id, key);
        if (!await s.checkKey(key, info)) throw new Error("wrong key");
        for (const [name, secret] of Object.entries(a.store)) await s.store(name, secret);
        const read = {};
        for (const name of a.read) read[name] = await s.get(name);
        return { data: a.data, read };
    },
    pkKey(a) {
        const k = sdk.PkDecryption.fromKey(sdk.Curve25519SecretKey.fromBase64(a.private));
        return { public: k.publicKey().toBase64(), private: text(k.secretKey().toUint8Array()) };
    },
    pkEncrypt(a) {
        const m = sdk.PkEncryption.fromKey(new sdk.Curve25519PublicKey(a.public)).encrypt(bytes(a.data)).toBase64();
        return { ciphertext: m.ciphertext, mac: m.mac, ephemeral: m.ephemeralKey };
    },
    pkDecrypt(a) {
        const m = sdk.PkMessage.fromBase64(new sdk.Base64EncodedPkMessage(a.ciphertext, a.mac, a.ephemeral));
        return text(sdk.PkDecryption.fromKey(sdk.Curve25519SecretKey.fromBase64(a.private)).decrypt(m));
    },
};

/** Calls of a machine. */
const calls = {
    outgoing: async (m) => (await m.outgoingRequests()).map(request),
    sent: (m, a) => m.markRequestAsSent(a.id, a.type, a.response),
    track: (m, a) => m.updateTrackedUsers(users(a.users)).then(() => null),
    async receive(m, a) {
        const list = await m.receiveSyncChanges(a.events, new sdk.DeviceLists(users(a.changed), []),
            new Map(Object.entries(a.counts)), new Set(a.fallback), settings());
        return list.map((e) => ({
            kind: sdk.ProcessedToDeviceEventType[e.type], event: e.rawEvent,
            verified: e.encryptionInfo?.isSenderVerified() ?? false,
            sender_key: e.encryptionInfo?.senderCurve25519Key ?? "",
        }));
    },
    missing: async (m, a) => request(await m.getMissingSessions(users(a.users))),
    async share(m, a) {
        const s = new sdk.EncryptionSettings();
        s.historyVisibility = sdk.HistoryVisibility[a.visibility];
        s.sharingStrategy = sdk.CollectStrategy[a.strategy]();
        return (await m.shareRoomKey(new sdk.RoomId(a.room), users(a.users), s)).map(request);
    },
    forgetRoom: (m, a) => m.invalidateGroupSession(new sdk.RoomId(a.room)),
    encryptRoom: (m, a) => m.encryptRoomEvent(new sdk.RoomId(a.room), a.type, a.content),
    async decryptRoom(m, a) {
        const d = await m.decryptRoomEvent(a.event, new sdk.RoomId(a.room), settings());
        const shield = d.shieldState(true);
        return {
            event: d.event, sender: d.sender.toString(), device: d.senderDevice?.toString() ?? "",
            sender_key: d.senderCurve25519Key, claimed_ed25519: d.senderClaimedEd25519Key ?? "",
            shield: sdk.ShieldColor[shield.color], why: sdk.ShieldStateCode[shield.code] ?? "",
        };
    },
    encryptToDevice: async (m, a) => (await device(m, a)).encryptToDeviceEvent(a.type, a.content),
    async device(m, a) {
        const d = await device(m, a);
        return d && {
            verified: d.isVerified(), cross_signed: d.isCrossSignedByOwner(), trusted: d.isCrossSigningTrusted(),
            ed25519: d.ed25519Key?.toBase64() ?? "", curve25519: d.curve25519Key?.toBase64() ?? "",
        };
    },
    async identity(m, a) {
        const i = await m.getIdentity(new sdk.UserId(a.user));
        return i && {
            master: publicKey(i.masterKey), self_signing: publicKey(i.selfSigningKey),
            verified: i.isVerified(), violation: i.hasVerificationViolation(),
        };
    },
    async bootstrap(m) {
        const b = await m.bootstrapCrossSigning(true);
        return [b.uploadKeysRequest, b.uploadSigningKeysRequest, b.uploadSignaturesRequest].map(request);
    },
    async exportCrossSigning(m) {
        const k = await m.exportCrossSigningKeys();
        return { master: k.masterKey, self_signing: k.self_signing_key, user_signing: k.userSigningKey };
    },
    async importCrossSigning(m, a) {
        const s = await m.importCrossSigningKeys(a.master, a.self_signing, a.user_signing);
        return s.hasMaster && s.hasSelfSigning && s.hasUserSigning;
    },
    verifyUser: async (m, a) => request(await (await m.getIdentity(new sdk.UserId(a.user))).verify()),
    verifyOwn: async (m, a) => { await (await m.getIdentity(new sdk.UserId(a.user))).verify(); },
    verifyDevice: async (m, a) => request(await (await device(m, a)).verify()),
    trustDevice: async (m, a) => (await device(m, a)).setLocalTrust(sdk.LocalTrust.Verified),
    async secrets(m) {
        const s = await m.crossSigningStatus();
        return { master: s.hasMaster, self_signing: s.hasSelfSigning, user_signing: s.hasUserSigning };
    },
    requestSecrets: (m) => m.requestMissingSecretsIfNeeded(),
    secretsInbox: async (m, a) => [...await m.getSecretsFromInbox(a.name)],
    exportKeys: (m) => m.exportRoomKeys(() => true),
    async importKeys(m, a) {
        const r = await m.importExportedRoomKeys(a.keys, () => {});
        return { imported: r.importedCount, total: r.totalCount };
    },
    async importBackup(m, a) {
        const rooms = new Map(Object.entries(a.rooms).map(([room, sessions]) =>
            [new sdk.RoomId(room), new Map(Object.entries(sessions))]));
        const r = await m.importBackedUpRoomKeys(rooms, undefined, a.version);
        return { imported: r.importedCount, total: r.totalCount };
    },
    enableBackup: async (m, a) => {
        await m.saveBackupDecryptionKey(sdk.BackupDecryptionKey.fromBase64(a.private), a.version);
        await m.enableBackupV1(a.public, a.version);
        return null;
    },
    backup: async (m) => request(await m.backupRoomKeys()),
    async verifyBackup(m, a) {
        const v = await m.verifyBackup(a.info);
        return { trusted: v.trusted(), device: sdk.SignatureState[v.deviceState], user: sdk.SignatureState[v.userState] };
    },
    sign: async (m, a) => JSON.parse((await m.sign(a.message)).asJSON()),

    verification,
    async requestVerification(m, a) {
        const [v, r] = (await device(m, a)).requestVerification(methods);
        return { flow: v.flowId, request: request(r) };
    },
    async requestInRoomContent(m, a) {
        return (await m.getIdentity(new sdk.UserId(a.user))).verificationRequestContent(methods);
    },
    async requestInRoom(m, a) {
        const i = await m.getIdentity(new sdk.UserId(a.user));
        return i.requestVerification(new sdk.RoomId(a.room), new sdk.EventId(a.event), methods).flowId;
    },
    receiveInRoom: (m, a) => m.receiveVerificationEvent(a.event, new sdk.RoomId(a.room)).then(() => null),
    accept: (m, a) => request(find(m, a).acceptWithMethods(methods)),
    async startSas(m, a) {
        const started = await find(m, a).startSas();
        return started ? request(started[1]) : null;
    },
    acceptSas: (m, a) => request(sas(m, a).accept()),
    confirm: async (m, a) => (await sas(m, a).confirm()).map(request),
    cancelSas: (m, a) => request(a.code ? sas(m, a).cancelWithCode(a.code) : sas(m, a).cancel()),
    cancel: (m, a) => request(find(m, a).cancel()),
};

const machines = new Map();

/** A machine that takes over what a client had in libolm's pickles. */
async function migrated(a) {
    const store = await sdk.StoreHandle.open();
    const [user, device, key] = [() => new sdk.UserId(a.user), () => new sdk.DeviceId(a.device), bytes(a.key)];
    const base = new sdk.BaseMigrationData();
    Object.assign(base, { userId: user(), deviceId: device(), pickledAccount: a.account });
    await sdk.Migration.migrateBaseData(base, key, store, quiet);
    const now = new Date();
    await sdk.Migration.migrateOlmSessions(a.sessions.map((s) => Object.assign(new sdk.PickledSession(), {
        pickle: s.pickle, senderKey: s.sender_key, createdUsingFallbackKey: false, creationTime: now, lastUseTime: now,
    })), key, store, quiet);
    await sdk.Migration.migrateMegolmSessions(a.groups.map((g) => Object.assign(new sdk.PickledInboundGroupSession(), {
        pickle: g.pickle, senderKey: g.sender_key, senderSigningKey: g.signing_key, roomId: new sdk.RoomId(g.room),
        imported: false, backedUp: false,
    })), key, store, quiet);
    return sdk.OlmMachine.initFromStore(user(), device(), store, quiet);
}

async function answer(r) {
    if (r.call === "new" || r.call === "migrate") {
        const m = r.call === "migrate" ? await migrated(r.args) : await sdk.OlmMachine.initialize(
            new sdk.UserId(r.args.user), new sdk.DeviceId(r.args.device), undefined, undefined, quiet);
        machines.set(r.machine, m);
        return { curve25519: m.identityKeys.curve25519.toBase64(), ed25519: m.identityKeys.ed25519.toBase64() };
    }
    if (general[r.call]) return general[r.call](r.args);
    return calls[r.call](machines.get(r.machine), r.args);
}

async function main() {
    await sdk.initAsync();
    for await (const line of readline.createInterface({ input: process.stdin })) {
        let out;
        try {
            out = { result: (await answer(JSON.parse(line))) ?? null };
        } catch (e) {
            out = { error: String(e?.description ?? e?.message ?? e) };
        }
        process.stdout.write(JSON.stringify(out, (_, v) => (typeof v === "bigint" ? Number(v) : v)) + "\n");
    }
}

main();
