using WireGate.Core.Policy.Facts;
using WireGate.Ssh.Keys;

namespace WireGate.Ssh.Authentication;

/// <summary>
/// What a user's certificate lets its session do, beside what rules say: an upstream does not see the certificate, so nobody else can
/// see to it. What a certificate does not permit, it forbids.
/// </summary>
internal sealed class CertificateTerms(SshCertificate certificate)
{
    // As of a force-command it is sshd's own SFTP server, which a client asks for as the subsystem.
    private const string InternalSftp = "internal-sftp";

    private readonly string? _command = certificate.ForceCommand;
    private readonly bool _permitsPorts = certificate.Extensions.ContainsKey("permit-port-forwarding");
    private readonly bool _permitsAgent = certificate.Extensions.ContainsKey("permit-agent-forwarding");
    private readonly bool _permitsX11 = certificate.Extensions.ContainsKey("permit-X11-forwarding");

    /// <summary>Whether a session may have a terminal.</summary>
    public bool PermitsPty { get; } = certificate.Extensions.ContainsKey("permit-pty");

    /// <summary>Why an operation may not be; null: the certificate does not forbid it.</summary>
    public string? RefusalOf(SshOperation operation) => operation switch
    {
        SshForward forward => IsPermitted(forward.Kind) ? null : $"the certificate does not permit forwarding ({forward.Kind.ToString().ToLowerInvariant()})",
        SshExec exec when _command is not null => exec.Command == _command && _command != InternalSftp ? null : Forced,
        SshSubsystem subsystem when _command is not null => subsystem.Name == SshSubsystem.Sftp && _command == InternalSftp ? null : Forced,
        SshShell or SshRequest when _command is not null => Forced,
        _ => null,
    };

    private string Forced => $"the certificate is for the command \"{_command}\" only";

    private bool IsPermitted(SshForwardKind kind) => kind switch
    {
        SshForwardKind.Local or SshForwardKind.Remote or SshForwardKind.Tun => _permitsPorts,
        SshForwardKind.Agent => _permitsAgent,
        SshForwardKind.X11 => _permitsX11,
        _ => false,
    };
}
