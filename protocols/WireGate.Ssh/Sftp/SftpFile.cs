using System.Text;
using WireGate.Core.Policy.Facts;

namespace WireGate.Ssh.Sftp;

/// <summary>A file or directory that the client may open, and what became of it.</summary>
/// <param name="path">As the client wrote it.</param>
internal sealed class SftpFile(SshPath path)
{
    // Taken apart, a path of many parts takes a hundred times as much.
    private readonly string? _text = path.Text;

    /// <summary>As the client wrote it.</summary>
    public SshPath Path => new(_text is null ? [0] : Encoding.UTF8.GetBytes(_text));

    /// <summary>Characters of it.</summary>
    public int Length => _text?.Length ?? 0;

    /// <summary>Bytes that the upstream has sent of it.</summary>
    public long Read { get; set; }

    /// <summary>Bytes that the upstream says it has written.</summary>
    public long Written { get; set; }
}
