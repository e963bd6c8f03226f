using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using WireGate.Core.Framing;

namespace WireGate.Postgres.Messages;

// A message is:  Byte1 type | Int32 length, itself included, the type not | body
// So a frame is length + 1 bytes, and no length is below 4.

/// <summary>Client to upstream, once the session stands. A password has no place there any more.</summary>
internal readonly struct ClientFramer : IFramer
{
    private static readonly int[] Limits = FrameLimits.Table(
        (FrameLimits.Large, "QPBFd"), (FrameLimits.Small, "EDCf"), (FrameLimits.Empty, "SHXc"));

    public static int HeaderLength => FrameLimits.HeaderLength;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FrameHeader ReadHeader(ReadOnlySpan<byte> bytes) => FrameLimits.ReadHeader(Peer.Client, Limits, bytes);
}

/// <summary>Client to gateway while it authenticates: nothing but what it presents.</summary>
internal readonly struct ClientAuthenticationFramer : IFramer
{
    private static readonly int[] Limits = FrameLimits.Table((FrameLimits.AuthenticationToken, "p"));

    public static int HeaderLength => FrameLimits.HeaderLength;

    public FrameHeader ReadHeader(ReadOnlySpan<byte> bytes) => FrameLimits.ReadHeader(Peer.Client, Limits, bytes);
}

/// <summary>
/// Upstream to client, once the session stands. Authentication, BackendKeyData and NegotiateProtocolVersion belong before
/// ReadyForQuery: an upstream that asks for a password later is phishing for one.
/// </summary>
internal readonly struct UpstreamFramer : IFramer
{
    private static readonly int[] Limits = FrameLimits.Table(
        (FrameLimits.LargeReply, "TtDdVENA"), (FrameLimits.Reply, "123CWcGHInSsZ"));

    public static int HeaderLength => FrameLimits.HeaderLength;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FrameHeader ReadHeader(ReadOnlySpan<byte> bytes) => FrameLimits.ReadHeader(Peer.Upstream, Limits, bytes);
}

/// <summary>Upstream to gateway up to the first ReadyForQuery; every message of it is collected whole.</summary>
internal readonly struct UpstreamGreetingFramer : IFramer
{
    private static readonly int[] Limits = FrameLimits.Table(
        (FrameLimits.GreetingAuthentication, "Rv"), (FrameLimits.Reply, "ENSKZ"));

    public static int HeaderLength => FrameLimits.HeaderLength;

    public FrameHeader ReadHeader(ReadOnlySpan<byte> bytes) => FrameLimits.ReadHeader(Peer.Upstream, Limits, bytes);
}

/// <summary>PostgreSQL's own bounds of a message's length field, and the check of a header against them.</summary>
internal static class FrameLimits
{
    /// <summary>Type byte and length.</summary>
    public const int HeaderLength = 5;

    /// <summary>PQ_LARGE_MESSAGE_LIMIT of the server: MaxAllocSize - 1.</summary>
    public const int Large = 0x3fff_fffe;

    /// <summary>PQ_SMALL_MESSAGE_LIMIT of the server.</summary>
    public const int Small = 10_000;

    /// <summary>
    /// A message without a body. The server reads what is behind the length of such a one and ends the session; nothing but its length
    /// is looked at here, so what it carries would pass unseen.
    /// </summary>
    public const int Empty = 4;

    /// <summary>PG_MAX_AUTH_TOKEN_LENGTH of the server.</summary>
    public const int AuthenticationToken = 65_535;

    /// <summary>
    /// The server builds a body in memory of at most MaxAllocSize bytes; the length field counts itself too. ParameterDescription is
    /// among these: a statement with more parameters than its count of two bytes can tell is prepared and described all the same
    /// (pgx's own tests do so), and only a Bind of it is impossible. libpq itself stops at <see cref="Reply"/>; others do not.
    /// </summary>
    public const int LargeReply = 0x3fff_ffff + 4;

    /// <summary>Above it libpq takes the connection for out of step (getting a short message type wrong looks like a huge one).</summary>
    public const int Reply = 30_000;

    /// <summary>What libpq takes for an authentication request or a version negotiation.</summary>
    public const int GreetingAuthentication = 2_000;

    private const int Lowest = 4;

    /// <summary>How many lengths, counted from 4, each type may have; zero for a type that is not legal.</summary>
    public static int[] Table(params ReadOnlySpan<(int Limit, string Types)> rows)
    {
        var table = new int[256];
        foreach ((int limit, string types) in rows)
        {
            foreach (char type in types)
            {
                table[type] = limit - Lowest + 1;
            }
        }

        return table;
    }

    // One load and one compare judge type and length together: an unlisted type has no legal length, and a length below four wraps
    // around to a huge number.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FrameHeader ReadHeader(Peer peer, int[] limits, ReadOnlySpan<byte> bytes)
    {
        int length = BinaryPrimitives.ReadInt32BigEndian(bytes[1..]);
        byte type = bytes[0];
        if (unchecked((uint)(length - Lowest)) >= (uint)limits[type])
        {
            Refuse(peer, limits[type]);
        }

        return new FrameHeader(type, (long)length + 1);
    }

    [DoesNotReturn]
    private static void Refuse(Peer peer, int lengths) => throw new ProtocolException(
        peer, lengths == 0 ? "a message type that is not legal here" : "a message length out of bounds for its type");
}
