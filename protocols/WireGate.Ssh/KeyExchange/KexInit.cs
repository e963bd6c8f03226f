using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Framing;
using WireGate.Ssh.Messages;

namespace WireGate.Ssh.KeyExchange;

/// <summary>
/// SSH_MSG_KEXINIT (RFC 4253 section 7.1):
/// <code>
/// byte         SSH_MSG_KEXINIT
/// byte[16]     cookie
/// name-list    kex_algorithms, server_host_key_algorithms
/// name-list    encryption, then mac, then compression algorithms, each client to server, then server to client
/// name-list    languages, client to server, then server to client
/// boolean      first_kex_packet_follows
/// uint32       0
/// </code>
/// </summary>
internal sealed class KexInit
{
    private const int CookieLength = 16;

    // OpenSSH's is 1.5 KB. As strings the names take some ten times their bytes, which whoever is not proven must not have for nothing.
    private const int MostBytes = 16 * 1024;
    private const int MostNames = 512;

    private KexInit(byte[] payload) => Payload = payload;

    /// <summary>The message as it was sent: part of the exchange hash.</summary>
    public byte[] Payload { get; }

    public required ImmutableArray<string> KeyExchanges { get; init; }

    public required ImmutableArray<string> HostKeys { get; init; }

    public required ImmutableArray<string> CiphersToServer { get; init; }

    public required ImmutableArray<string> CiphersToClient { get; init; }

    public required ImmutableArray<string> MacsToServer { get; init; }

    public required ImmutableArray<string> MacsToClient { get; init; }

    public required ImmutableArray<string> CompressionsToServer { get; init; }

    public required ImmutableArray<string> CompressionsToClient { get; init; }

    /// <summary>The next packet of its sender is a guess at the exchange.</summary>
    public required bool IsGuessFollowing { get; init; }

    /// <summary>Makes ours.</summary>
    /// <param name="offer">What is offered.</param>
    /// <param name="markers">What else stands among the key exchanges.</param>
    public static KexInit Of(Algorithms offer, params ReadOnlySpan<string> markers)
    {
        using var writer = new SshWriter(1024);
        writer.Byte((byte)SshMessage.SSH_MSG_KEXINIT).Raw(RandomNumberGenerator.GetBytes(CookieLength))
            .NameList([.. offer.KeyExchanges, .. markers]).NameList(offer.HostKeys)
            .NameList(offer.Ciphers).NameList(offer.Ciphers).NameList(offer.Macs).NameList(offer.Macs)
            .String(Algorithms.NoCompression).String(Algorithms.NoCompression).String("").String("")
            .Boolean(false).UInt32(0);
        return Parse(Peer.Client, writer.WrittenSpan);
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="ProtocolException">It can never be one.</exception>
    public static KexInit Parse(Peer peer, ReadOnlySpan<byte> payload)
    {
        if (payload.Length > MostBytes)
        {
            ProtocolException.Throw(peer, "a KEXINIT that is too long");
        }

        var reader = new SshReader(peer, payload);
        reader.ReadBytes(1 + CookieLength);
        int names = 0;
        var init = new KexInit(payload.ToArray())
        {
            KeyExchanges = Names(ref reader, peer, ref names),
            HostKeys = Names(ref reader, peer, ref names),
            CiphersToServer = Names(ref reader, peer, ref names),
            CiphersToClient = Names(ref reader, peer, ref names),
            MacsToServer = Names(ref reader, peer, ref names),
            MacsToClient = Names(ref reader, peer, ref names),
            CompressionsToServer = Names(ref reader, peer, ref names),
            CompressionsToClient = Names(ref reader, peer, ref names),
            IsGuessFollowing = SkipLanguages(ref reader),
        };
        reader.ReadUInt32();
        reader.End();
        return init;
    }

    /// <summary>Whether a guess of its sender was right: both name the same first (RFC 4253 section 7).</summary>
    public bool GuessesRight(KexInit other) =>
        KeyExchanges.FirstOrDefault() == other.KeyExchanges.FirstOrDefault() && HostKeys.FirstOrDefault() == other.HostKeys.FirstOrDefault();

    private static bool SkipLanguages(ref SshReader reader)
    {
        reader.ReadString();
        reader.ReadString();
        return reader.ReadBoolean();
    }

    private static ImmutableArray<string> Names(ref SshReader reader, Peer peer, ref int count)
    {
        ReadOnlySpan<byte> list = reader.ReadString();
        count += list.Count((byte)',') + 1;
        if (count > MostNames || list.ContainsAnyExceptInRange((byte)'!', (byte)'~'))
        {
            ProtocolException.Throw(peer, "a KEXINIT with too many names, or with bytes that no name has");
        }

        return list.IsEmpty ? [] : [.. Encoding.ASCII.GetString(list).Split(',')];
    }
}
