using System.Buffers.Binary;
using WireGate.Core.Framing;

namespace WireGate.Ssh.Sftp;

/// <summary>What is needed of an upstream's packet: whose answer it is, the handle that it gives, and whether it says that all is well.</summary>
internal readonly ref struct SftpReply
{
    /// <summary>SSH_FX_OK.</summary>
    public const uint Ok = 0;

    // Length, type and id; then a code, or the length of a string.
    private const int Fixed = 9;
    private const int WithNumber = Fixed + sizeof(uint);

    public SftpType Type { get; private init; }

    /// <summary>The id; of SSH_FXP_VERSION the version.</summary>
    public uint Id { get; private init; }

    /// <summary>The code of SSH_FXP_STATUS.</summary>
    public uint Code { get; private init; }

    /// <summary>Bytes that a SSH_FXP_DATA brings.</summary>
    public uint DataLength { get; private init; }

    /// <summary>The handle of SSH_FXP_HANDLE; borrowed.</summary>
    public ReadOnlySpan<byte> Handle { get; private init; }

    /// <summary>How much of a packet is needed, as far as its first bytes tell.</summary>
    /// <exception cref="ProtocolException">It is none.</exception>
    public static int HeadLength(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < sizeof(uint))
        {
            return Fixed;
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        if (length < Fixed - sizeof(uint))
        {
            ProtocolException.Throw(Peer.Upstream, "an SFTP packet that is too short to be an answer");
        }

        if (bytes.Length < Fixed)
        {
            return Fixed;
        }

        long needed = (SftpType)bytes[sizeof(uint)] switch
        {
            SftpType.SSH_FXP_HANDLE => sizeof(uint) + (long)length,
            SftpType.SSH_FXP_STATUS or SftpType.SSH_FXP_DATA => WithNumber,
            _ => Fixed,
        };
        if (needed > sizeof(uint) + (long)length || needed > WithNumber + SftpRequest.LongestHandle)
        {
            ProtocolException.Throw(Peer.Upstream, "an SFTP answer that is too short, or a handle that is too long");
        }

        return (int)needed;
    }

    /// <summary>Reads a packet from its beginning.</summary>
    /// <param name="bytes">As much as there is of it.</param>
    /// <param name="reply">Borrows from them.</param>
    /// <returns>False: more bytes are needed.</returns>
    /// <exception cref="ProtocolException">It is none.</exception>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out SftpReply reply)
    {
        int head = HeadLength(bytes);
        if (bytes.Length < head)
        {
            reply = default;
            return false;
        }

        var type = (SftpType)bytes[sizeof(uint)];
        uint number = head < WithNumber ? 0 : BinaryPrimitives.ReadUInt32BigEndian(bytes[Fixed..]);
        if (type == SftpType.SSH_FXP_HANDLE && number != head - WithNumber)
        {
            ProtocolException.Throw(Peer.Upstream, "an SFTP handle that is not as long as it says");
        }

        reply = new SftpReply
        {
            Type = type,
            Id = BinaryPrimitives.ReadUInt32BigEndian(bytes[(sizeof(uint) + 1)..]),
            Code = type == SftpType.SSH_FXP_STATUS ? number : 0,
            DataLength = type == SftpType.SSH_FXP_DATA ? number : 0,
            Handle = type == SftpType.SSH_FXP_HANDLE ? bytes[WithNumber..head] : default,
        };
        return true;
    }
}
