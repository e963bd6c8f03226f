using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using WireGate.Core.Framing;

namespace WireGate.Postgres.Startup;

/// <summary>What the first packet of a connection is.</summary>
internal enum StartupKind
{
    /// <summary>A version that is not spoken, 2.0 or 4.0 say: to be refused with 0A000. The default: what was not understood.</summary>
    UnsupportedVersion = 0,
    SslRequest,
    GssEncRequest,
    CancelRequest,
    StartupMessage,
}

/// <summary>
/// The first packet of a connection, or one of its first few. It owns a copy of the bytes, since a placeholder may stand in them as
/// user name: <see cref="Dispose"/> zeroes it, and everything borrowed from the packet with it.
/// </summary>
internal sealed class StartupPacket : IDisposable
{
    /// <summary>Length in bytes of the shortest packet: length and code.</summary>
    public const int MinLength = 8;

    /// <summary>MAX_STARTUP_PACKET_LENGTH of PostgreSQL.</summary>
    public const int MaxLength = 10_000;

    private const int CancelHeaderLength = 12;

    private readonly byte[] _bytes;

    private StartupPacket(byte[] pinned)
    {
        _bytes = pinned;
        Version = BinaryPrimitives.ReadInt32BigEndian(pinned.AsSpan(sizeof(int)));
        (Kind, Parameters) = Parse(Version, pinned);
    }

    public StartupKind Kind { get; }

    /// <summary>The Int32 behind the length: the whole version of a startup message, else the request's code.</summary>
    public int Version { get; }

    /// <summary>What a startup message asks for; null for every other kind.</summary>
    public StartupParameters? Parameters { get; }

    /// <summary>Whom a cancel request means.</summary>
    /// <exception cref="InvalidOperationException">It is another kind of packet.</exception>
    public int CancelProcessId => BinaryPrimitives.ReadInt32BigEndian(CancelBytes[(2 * sizeof(int))..]);

    /// <summary>The 4 to 256 bytes that prove the right to cancel.</summary>
    /// <exception cref="InvalidOperationException">It is another kind of packet.</exception>
    public ReadOnlySpan<byte> CancelKey => CancelBytes[CancelHeaderLength..];

    private ReadOnlySpan<byte> CancelBytes => Kind == StartupKind.CancelRequest
        ? _bytes
        : throw new InvalidOperationException("Not a cancel request.");

    /// <summary>Takes one packet off the front of <paramref name="buffer"/>.</summary>
    /// <param name="buffer">What was received. More than one packet may stand in it; whether that is legal, the caller judges.</param>
    /// <param name="packet">The packet, which the caller owns; null when there is none yet.</param>
    /// <param name="consumed">Behind the packet; the buffer's start when there is none yet.</param>
    /// <returns>False: more bytes are needed, and nothing was consumed.</returns>
    /// <exception cref="ProtocolException">It can never be valid; the length is judged before the packet is waited for.</exception>
    public static bool TryRead(in ReadOnlySequence<byte> buffer, out StartupPacket? packet, out SequencePosition consumed)
    {
        packet = null;
        consumed = buffer.Start;
        if (buffer.Length < sizeof(int))
        {
            return false;
        }

        // Int32 length, itself included | Int32 code | body
        Span<byte> field = stackalloc byte[sizeof(int)];
        buffer.Slice(0, sizeof(int)).CopyTo(field);
        int length = BinaryPrimitives.ReadInt32BigEndian(field);
        if (length is < MinLength or > MaxLength)
        {
            ProtocolException.Throw(Peer.Client, "a startup packet's length out of bounds");
        }

        if (buffer.Length < length)
        {
            return false;
        }

        byte[] pinned = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        buffer.Slice(0, length).CopyTo(pinned);
        try
        {
            packet = new StartupPacket(pinned);
        }
        catch (ProtocolException)
        {
            CryptographicOperations.ZeroMemory(pinned);
            throw;
        }

        consumed = buffer.GetPosition(length);
        return true;
    }

    /// <summary>Zeroes the bytes.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);

    private static (StartupKind Kind, StartupParameters? Parameters) Parse(int version, byte[] packet)
    {
        switch (version)
        {
            case ProtocolVersion.SslRequest:
                RequireLength(packet.Length == MinLength);
                return (StartupKind.SslRequest, null);
            case ProtocolVersion.GssEncRequest:
                RequireLength(packet.Length == MinLength);
                return (StartupKind.GssEncRequest, null);
            case ProtocolVersion.CancelRequest:
                // Int32 length | Int32 80877102 | Int32 process id | 4 to 256 bytes of key
                RequireLength(Messages.CancelKey.IsLegal(packet.Length - CancelHeaderLength));
                return (StartupKind.CancelRequest, null);
            default:
                return ProtocolVersion.Major(version) == ProtocolVersion.Major(ProtocolVersion.V3_0)
                    ? (StartupKind.StartupMessage, StartupParameters.Read(packet.AsMemory(MinLength)))
                    : (StartupKind.UnsupportedVersion, null);
        }
    }

    private static void RequireLength(bool legal)
    {
        if (!legal)
        {
            ProtocolException.Throw(Peer.Client, "a startup packet of the wrong length for its kind");
        }
    }
}
