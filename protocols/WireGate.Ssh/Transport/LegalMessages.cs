using WireGate.Core.Framing;
using WireGate.Ssh.Messages;
using static WireGate.Ssh.Messages.SshMessage;

namespace WireGate.Ssh.Transport;

/// <summary>How far a leg is, as to what its peer may say.</summary>
internal enum Phase
{
    /// <summary>There is no version line yet. The default.</summary>
    Version = 0,

    /// <summary>Nothing is known of the peer but its version.</summary>
    FirstKexInit,

    /// <summary>Keys are exchanged for the first time, and both sides keep it strict (CVE-2023-48795).</summary>
    StrictExchange,

    /// <summary>The same, and only the peer's NEWKEYS is missing.</summary>
    StrictNewKeys,

    /// <summary>Keys are exchanged.</summary>
    Exchange,

    /// <summary>The same, and only the peer's NEWKEYS is missing.</summary>
    NewKeys,

    /// <summary>Keys are exchanged again, within a session.</summary>
    Rekey,

    /// <summary>The same, and only the peer's NEWKEYS is missing.</summary>
    RekeyNewKeys,

    /// <summary>The peer's guess at the key exchange was wrong, and is what comes next.</summary>
    WrongGuess,

    /// <summary>There are keys, and no service.</summary>
    Service,

    /// <summary>The login.</summary>
    Authentication,

    /// <summary>The client is in.</summary>
    Connection,
}

/// <summary>Which messages a peer may send when: RFC 4253 sections 7.1 and 11, RFC 4252 section 6, RFC 4254. What is not here, it may not.</summary>
internal static class LegalMessages
{
    private const int Kinds = byte.MaxValue + 1;
    private const int Peers = 2;

    // RFC 4253 section 11; and what RFC 4250 keeps for more of that kind, which is answered with SSH_MSG_UNIMPLEMENTED.
    private static readonly MessageRange Generic = new(SSH_MSG_DISCONNECT, SSH_MSG_DEBUG), Unknown = new((SshMessage)8, (SshMessage)19);
    private static readonly MessageRange Disconnect = new(SSH_MSG_DISCONNECT), Ping = new(SSH2_MSG_PING, SSH2_MSG_PONG), ExtInfo = new(SSH_MSG_EXT_INFO);
    private static readonly MessageRange KexInit = new(SSH_MSG_KEXINIT), NewKeys = new(SSH_MSG_NEWKEYS);
    private static readonly MessageRange Methods = new(SSH_MSG_KEX_ECDH_INIT, (SshMessage)49);
    private static readonly MessageRange Connection = new(SSH_MSG_CHANNEL_OPEN, SSH_MSG_CHANNEL_FAILURE), Global = new(SSH_MSG_GLOBAL_REQUEST, SSH_MSG_REQUEST_FAILURE);

    private static readonly bool[] Table = Build(
        (Phase.FirstKexInit, Peer.Client, [Generic, KexInit]),
        (Phase.FirstKexInit, Peer.Upstream, [Generic, KexInit]),
        (Phase.StrictExchange, Peer.Client, [Disconnect, new(SSH_MSG_KEX_ECDH_INIT)]),
        (Phase.StrictExchange, Peer.Upstream, [Disconnect, new(SSH_MSG_KEX_ECDH_REPLY)]),
        (Phase.StrictNewKeys, Peer.Client, [Disconnect, NewKeys]),
        (Phase.StrictNewKeys, Peer.Upstream, [Disconnect, NewKeys]),
        (Phase.Exchange, Peer.Client, [Generic, new(SSH_MSG_KEX_ECDH_INIT)]),
        (Phase.Exchange, Peer.Upstream, [Generic, new(SSH_MSG_KEX_ECDH_REPLY)]),
        (Phase.NewKeys, Peer.Client, [Generic, NewKeys]),
        (Phase.NewKeys, Peer.Upstream, [Generic, NewKeys]),

        // RFC 4253 section 7.1 has nothing else between a KEXINIT and its NEWKEYS, but AsyncSSH goes on to send, and OpenSSH to take it. It comes
        // under the keys that were proven before, so it is no less the peer's.
        (Phase.Rekey, Peer.Client, [Generic, Ping, new(SSH_MSG_KEX_ECDH_INIT), Global, Connection]),
        (Phase.Rekey, Peer.Upstream, [Generic, Ping, new(SSH_MSG_KEX_ECDH_REPLY), Global, Connection]),
        (Phase.RekeyNewKeys, Peer.Client, [Generic, Ping, NewKeys, Global, Connection]),
        (Phase.RekeyNewKeys, Peer.Upstream, [Generic, Ping, NewKeys, Global, Connection]),
        (Phase.WrongGuess, Peer.Client, [Disconnect, Methods]),
        (Phase.WrongGuess, Peer.Upstream, [Disconnect, Methods]),

        // Each further exchange of keys costs a signature, which nobody who is not proven gets: as OpenSSH, none before the connection.
        (Phase.Service, Peer.Client, [Generic, Unknown, Ping, ExtInfo, new(SSH_MSG_SERVICE_REQUEST)]),
        (Phase.Service, Peer.Upstream, [Generic, Unknown, Ping, ExtInfo, new(SSH_MSG_SERVICE_ACCEPT)]),
        (Phase.Authentication, Peer.Client, [Generic, Unknown, Ping, new(SSH_MSG_USERAUTH_REQUEST), new(SSH_MSG_USERAUTH_INFO_RESPONSE)]),
        (Phase.Authentication, Peer.Upstream,
            [Generic, Unknown, Ping, ExtInfo, new(SSH_MSG_USERAUTH_FAILURE, SSH_MSG_USERAUTH_BANNER), new(SSH_MSG_USERAUTH_60)]),

        // RFC 4252 section 5.1: a login that comes when the client is in is passed over.
        (Phase.Connection, Peer.Client, [Generic, Unknown, Ping, KexInit, Global, Connection, new(SSH_MSG_USERAUTH_REQUEST)]),
        (Phase.Connection, Peer.Upstream, [Generic, Unknown, Ping, KexInit, Global, Connection]));

    /// <summary>Whether a peer may send a message now.</summary>
    public static bool Has(Phase phase, Peer sender, SshMessage kind) => Table[IndexOf(phase, sender, kind)];

    /// <summary>When it may not, for a log.</summary>
    public static string When(Phase phase) => phase switch
    {
        Phase.Version or Phase.FirstKexInit => "before the first keys are exchanged",
        Phase.StrictExchange or Phase.StrictNewKeys => "within the first key exchange, which both sides agreed to keep strict",
        Phase.Exchange or Phase.NewKeys or Phase.Rekey or Phase.RekeyNewKeys or Phase.WrongGuess => "while keys are exchanged",
        Phase.Service => "before the login",
        Phase.Authentication => "within the login",
        _ => "within a session",
    };

    private static bool[] Build(params ReadOnlySpan<(Phase Phase, Peer Sender, MessageRange[] Ranges)> rows)
    {
        bool[] table = new bool[((int)Phase.Connection + 1) * Peers * Kinds];
        foreach ((Phase phase, Peer sender, MessageRange[] ranges) in rows)
        {
            foreach (MessageRange range in ranges)
            {
                table.AsSpan(IndexOf(phase, sender, range.First), range.Last - range.First + 1).Fill(true);
            }
        }

        return table;
    }

    private static int IndexOf(Phase phase, Peer sender, SshMessage kind) =>
        (((((int)phase * Peers) + (sender == Peer.Client ? 0 : 1)) * Kinds) + (int)kind);

    /// <summary>Messages that follow each other by number.</summary>
    private readonly record struct MessageRange(SshMessage First, SshMessage Last)
    {
        public MessageRange(SshMessage only)
            : this(only, only)
        {
        }
    }
}
