using System.Diagnostics.CodeAnalysis;
using WireGate.Core.Framing;

namespace WireGate.Ssh.Sftp;

/// <summary>A request that went to the upstream.</summary>
/// <param name="Type">Its type.</param>
/// <param name="File">What it opens, or works on; null: neither.</param>
/// <param name="Length">Bytes that it writes.</param>
internal readonly record struct SftpPending(SftpType Type, SftpFile? File, uint Length)
{
    public bool IsOpen => Type is SftpType.SSH_FXP_OPEN or SftpType.SSH_FXP_OPENDIR;
}

/// <summary>What is open on a channel, by handle, and what the upstream has not answered yet, by id.</summary>
internal sealed class SftpFiles
{
    /// <summary>Handles at once, those included that are being opened.</summary>
    public const int MostHandles = 1024;

    /// <summary>Characters of the paths of what is open: of each handle some hundred, and now and then one of the longest.</summary>
    public const int MostPaths = 256 * 1024;

    /// <summary>Requests that wait for their answers. OpenSSH's client has 64, others some hundred.</summary>
    public const int MostPending = 16 * 1024;

    private readonly Dictionary<byte[], SftpFile> _open = new(HandleComparer.Instance);
    private readonly Dictionary<byte[], SftpFile>.AlternateLookup<ReadOnlySpan<byte>> _openByHandle;
    private readonly Dictionary<uint, SftpPending> _pending = [];
    private int _opening;

    public SftpFiles() => _openByHandle = _open.GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>One more may be opened.</summary>
    public bool HasRoom => _open.Count + _opening < MostHandles && _open.Values.Concat(_pending.Values.Where(p => p.IsOpen).Select(p => p.File!)).Sum(f => f.Length) < MostPaths;

    /// <summary>One more may be asked.</summary>
    public bool HasRoomToAsk => _pending.Count < MostPending;

    /// <summary>Whether an id is that of a request that waits for its answer: with two of them nobody could tell whose handle comes.</summary>
    public bool IsPending(uint id) => _pending.ContainsKey(id);

    /// <summary>What an open gave that was allowed.</summary>
    public bool TryGet(ReadOnlySpan<byte> handle, [NotNullWhen(true)] out SftpFile? file) => _openByHandle.TryGetValue(handle, out file);

    /// <summary>A request goes to the upstream.</summary>
    public void Ask(uint id, in SftpPending request, ReadOnlySpan<byte> handle)
    {
        _pending.Add(id, request);
        _opening += request.IsOpen ? 1 : 0;
        if (request.Type == SftpType.SSH_FXP_CLOSE)
        {
            // From here on the upstream may give it to another.
            _openByHandle.Remove(handle);
        }
    }

    /// <summary>The upstream answers.</summary>
    /// <returns>The file that is closed now; null: none.</returns>
    /// <exception cref="ProtocolException">Nobody asked.</exception>
    public SftpFile? Answer(in SftpReply reply)
    {
        if (!_pending.Remove(reply.Id, out SftpPending request))
        {
            ProtocolException.Throw(Peer.Upstream, "an SFTP answer to what nobody asked");
        }

        _opening -= request.IsOpen ? 1 : 0;
        switch (reply.Type)
        {
            case SftpType.SSH_FXP_HANDLE when request.IsOpen:
                _openByHandle[reply.Handle] = request.File!;
                return null;
            case SftpType.SSH_FXP_DATA when request.Type == SftpType.SSH_FXP_READ:
                request.File!.Read += reply.DataLength;
                return null;
            case SftpType.SSH_FXP_STATUS when request.Type == SftpType.SSH_FXP_WRITE && reply.Code == SftpReply.Ok:
                request.File!.Written += request.Length;
                return null;
            default:
                return request.Type == SftpType.SSH_FXP_CLOSE ? request.File : null;
        }
    }

    /// <summary>Everything that was not closed, which the end of the channel closes.</summary>
    public SftpFile[] TakeAll()
    {
        SftpFile[] files = [.. _open.Values, .. _pending.Values.Where(p => p.Type == SftpType.SSH_FXP_CLOSE).Select(p => p.File!)];
        _open.Clear();
        _pending.Clear();
        _opening = 0;
        return files;
    }

    private sealed class HandleComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly HandleComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = new HashCode();
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
