using System.Buffers.Binary;
using WireGate.Core.Framing;

namespace WireGate.Ssh.Sftp;

/// <summary>
/// What is needed of a client's packet: all of it, or of SSH_FXP_WRITE what is before its data, and of SSH_FXP_INIT its version. Of one
/// that is refused for its form, what it takes to answer. Draft-ietf-secsh-filexfer-02 section 3:
/// <code>
/// uint32    length
/// byte      type
/// uint32    request id, or the version in SSH_FXP_INIT
/// ....      what the type says
/// </code>
/// </summary>
internal readonly ref struct SftpRequest
{
    /// <summary>The longest packet that is collected: two paths of 4 KiB, as Linux has them, and attributes. It fits into any window.</summary>
    public const int LongestCollected = 16 * 1024;

    /// <summary>Section 6.2: the longest handle.</summary>
    public const int LongestHandle = 256;

    // Length, type and id.
    private const int Fixed = 9;

    public SftpType Type { get; private init; }

    /// <summary>The id; of SSH_FXP_INIT the version.</summary>
    public uint Id { get; private init; }

    /// <summary>Why it cannot be judged, and is refused; null: it can.</summary>
    public string? Fault { get; private init; }

    public SftpExtension Extension { get; private init; }

    /// <summary>It works on a handle.</summary>
    public bool HasHandle { get; private init; }

    /// <summary>Borrowed, as all that follows.</summary>
    public ReadOnlySpan<byte> Handle { get; private init; }

    /// <summary>The second handle of <c>copy-data</c>.</summary>
    public ReadOnlySpan<byte> OtherHandle { get; private init; }

    public ReadOnlySpan<byte> Path { get; private init; }

    /// <summary>The second path of what has two.</summary>
    public ReadOnlySpan<byte> OtherPath { get; private init; }

    public SftpOpenFlags Flags { get; private init; }

    /// <summary>What it makes or opens is also to belong to somebody, or to run as whom it belongs to (or to keep what is in it).</summary>
    public bool SetsMore { get; private init; }

    /// <summary>Bytes that a SSH_FXP_WRITE writes.</summary>
    public uint DataLength { get; private init; }

    /// <summary>How much of a packet is needed, as far as its first bytes tell.</summary>
    /// <exception cref="ProtocolException">It is too short to have an id, so nothing can be answered.</exception>
    public static int HeadLength(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < sizeof(uint))
        {
            return Fixed;
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        if (length < Fixed - sizeof(uint))
        {
            ProtocolException.Throw(Peer.Client, "an SFTP packet that is too short to be a request");
        }

        if (bytes.Length < Fixed)
        {
            return Fixed;
        }

        var type = (SftpType)bytes[sizeof(uint)];
        return type switch
        {
            SftpType.SSH_FXP_WRITE => HeadLengthOfWrite(bytes, length),
            SftpType.SSH_FXP_INIT => Fixed,
            _ => IsKnown(type) && length <= LongestCollected ? sizeof(uint) + (int)length : Fixed,
        };
    }

    /// <summary>Reads a packet from its beginning.</summary>
    /// <param name="bytes">As much as there is of it.</param>
    /// <param name="request">Borrows from them.</param>
    /// <returns>False: more bytes are needed.</returns>
    /// <exception cref="ProtocolException">As <see cref="HeadLength"/>.</exception>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out SftpRequest request)
    {
        int head = HeadLength(bytes);
        if (bytes.Length < head)
        {
            request = default;
            return false;
        }

        request = Read(bytes[..head]);
        return true;
    }

    private static int HeadLengthOfWrite(ReadOnlySpan<byte> bytes, uint length)
    {
        // string handle, uint64 offset, string data
        const int Handle = Fixed + sizeof(uint), Behind = sizeof(ulong) + sizeof(uint);
        long whole = sizeof(uint) + (long)length;
        if (whole < Handle)
        {
            return Fixed;
        }

        if (bytes.Length < Handle)
        {
            return Handle;
        }

        uint handle = BinaryPrimitives.ReadUInt32BigEndian(bytes[Fixed..]);
        return handle > LongestHandle || Handle + handle + Behind > whole ? Handle : Handle + (int)handle + Behind;
    }

    private static SftpRequest Read(ReadOnlySpan<byte> head)
    {
        uint length = BinaryPrimitives.ReadUInt32BigEndian(head);
        var type = (SftpType)head[sizeof(uint)];
        var named = new SftpRequest { Type = type, Id = BinaryPrimitives.ReadUInt32BigEndian(head[(sizeof(uint) + 1)..]) };
        if (type == SftpType.SSH_FXP_INIT)
        {
            return named;
        }

        if (!IsKnown(type))
        {
            return named with { Fault = "requests of its type are not known" };
        }

        if (type != SftpType.SSH_FXP_WRITE && length > LongestCollected)
        {
            return named with { Fault = "it is too long" };
        }

        var fields = new SftpFields(head[Fixed..]);
        SftpRequest request = Read(named, ref fields);
        bool isWhole = type != SftpType.SSH_FXP_WRITE || sizeof(uint) + (long)length == head.Length + (long)request.DataLength;
        string? fault = fields.IsShort ? "it ends too early" : isWhole ? null : "its data are not as long as it says";
        return fault is null ? request : named with { Fault = fault };
    }

    private static SftpRequest Read(SftpRequest named, scoped ref SftpFields fields) => named.Type switch
    {
        SftpType.SSH_FXP_OPEN => named with { Path = fields.ReadString(), Flags = (SftpOpenFlags)fields.ReadUInt32(), SetsMore = ReadAttributes(ref fields) },
        SftpType.SSH_FXP_MKDIR => named with { Path = fields.ReadString(), SetsMore = ReadAttributes(ref fields) },
        SftpType.SSH_FXP_WRITE => ReadWrite(named, ref fields),
        SftpType.SSH_FXP_CLOSE or SftpType.SSH_FXP_READ or SftpType.SSH_FXP_FSTAT or SftpType.SSH_FXP_FSETSTAT or SftpType.SSH_FXP_READDIR =>
            named with { HasHandle = true, Handle = fields.ReadString() },
        SftpType.SSH_FXP_RENAME or SftpType.SSH_FXP_SYMLINK => named with { Path = fields.ReadString(), OtherPath = fields.ReadString() },
        SftpType.SSH_FXP_EXTENDED => ReadExtended(named with { Extension = SftpExtensions.Of(fields.ReadString()) }, ref fields),
        _ => named with { Path = fields.ReadString() },
    };

    /// <summary>
    /// Section 5, as far as it is asked about:
    /// <code>
    /// uint32    flags
    /// uint64    size            SSH_FILEXFER_ATTR_SIZE, 1
    /// uint32    uid, gid        SSH_FILEXFER_ATTR_UIDGID, 2
    /// uint32    permissions     SSH_FILEXFER_ATTR_PERMISSIONS, 4
    /// </code>
    /// </summary>
    /// <returns>More is set than the permissions that whatever is made has.</returns>
    private static bool ReadAttributes(scoped ref SftpFields fields)
    {
        const uint Size = 1, Owner = 2, Permissions = 4, Special = 0xE00;

        // Some clients write none at all, and servers read none then.
        uint flags = fields.IsEmpty ? 0 : fields.ReadUInt32();
        if ((flags & Size) != 0)
        {
            fields.SkipUInt64();
        }

        if ((flags & Owner) != 0)
        {
            fields.SkipUInt64();
        }

        // Of a file's type (0170000) nothing is made here.
        return (flags & ~Permissions) != 0 || ((flags & Permissions) != 0 && (fields.ReadUInt32() & Special) != 0);
    }

    private static SftpRequest ReadWrite(SftpRequest named, scoped ref SftpFields fields)
    {
        ReadOnlySpan<byte> handle = fields.ReadString();
        fields.SkipUInt64();
        return named with { HasHandle = true, Handle = handle, DataLength = fields.ReadUInt32() };
    }

    private static SftpRequest ReadExtended(SftpRequest named, scoped ref SftpFields fields)
    {
        switch (named.Extension)
        {
            case SftpExtension.PosixRename or SftpExtension.Hardlink:
                return named with { Path = fields.ReadString(), OtherPath = fields.ReadString() };
            case SftpExtension.StatVfs or SftpExtension.LSetStat:
                return named with { Path = fields.ReadString() };
            case SftpExtension.FStatVfs or SftpExtension.FSync:
                return named with { HasHandle = true, Handle = fields.ReadString() };
            case SftpExtension.CopyData:
                // string handle to read from, uint64 offset, uint64 length, string handle to write to, uint64 offset
                ReadOnlySpan<byte> from = fields.ReadString();
                fields.SkipUInt64();
                fields.SkipUInt64();
                return named with { HasHandle = true, Handle = from, OtherHandle = fields.ReadString() };
            case SftpExtension.VersionSelect:
                return named with { Fault = "only version 3 is known" };
            default:
                return named;
        }
    }

    private static bool IsKnown(SftpType type) => type is (>= SftpType.SSH_FXP_OPEN and <= SftpType.SSH_FXP_SYMLINK) or SftpType.SSH_FXP_EXTENDED;
}
