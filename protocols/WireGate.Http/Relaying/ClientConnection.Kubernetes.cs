using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Http.Kubernetes;

namespace WireGate.Http.Relaying;

/// <content>What is other at an API server of Kubernetes.</content>
internal sealed partial class ClientConnection
{
    private bool _isKubernetes;
    private byte[] _impersonation = [];

    /// <summary>Whether the request is for an API server: how it is answered hangs on that, whoever asks.</summary>
    /// <returns>What of it no client may say; null: nothing.</returns>
    private string? Recognize()
    {
        _isKubernetes = TargetOf(session.Config) is { Protocol: ProtocolNames.Kubernetes };
        return _isKubernetes ? KubernetesFields.Refused(_head) : null;
    }

    /// <summary>Says as whom the session's login acts.</summary>
    private Refusal? Impersonate()
    {
        _impersonation = [];
        return session.Access!.Login.Impersonate is { } config && Impersonation.TryWrite(config, session, out _impersonation) is { } problem
            ? new Refusal(SessionEnd.NotGranted, "who you are cannot be told to this cluster", problem)
            : null;
    }
}
