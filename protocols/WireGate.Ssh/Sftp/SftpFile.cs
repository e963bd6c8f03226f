using WireGate.Core.Policy.Facts;

namespace WireGate.Ssh.Sftp;

/// <summary>A file or directory that the client may open, and what became of it.</summary>
/// <param name="path">As the client wrote it.</param>
internal sealed class SftpFile(SshPath path)
{
    public SshPath Path { get; } = path;

    /// <summary>Bytes that the upstream has sent of it.</summary>
    public long Read { get; set; }

    /// <summary>Bytes that the upstream says it has written.</summary>
    public long Written { get; set; }
}
