using System.IO.Pipelines;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Http.Http1;
using WireGate.Http.Kubernetes;

namespace WireGate.Http.Relaying;

/// <content>What is other at an API server of Kubernetes.</content>
internal sealed partial class ClientConnection
{
    private bool _isKubernetes;
    private byte[] _impersonation = [];
    private bool _makesToken;

    /// <summary>Whether the request is for an API server: how it is answered hangs on that, whoever asks.</summary>
    /// <returns>What of it no client may say; null: nothing.</returns>
    private string? Recognize()
    {
        _makesToken = false;
        _isKubernetes = TargetOf(session.Config) is { Protocol: ProtocolNames.Kubernetes };
        return _isKubernetes ? KubernetesFields.Refused(_head) : null;
    }

    /// <summary>
    /// Looks at the body of what writes a secret, and leaves it where it is: whether that is a token stands nowhere else. One that does not come
    /// in one piece of a known length, or waits to be asked for, is taken for one.
    /// </summary>
    private async ValueTask LookAsync()
    {
        HttpPath path = new(PathOf(_head.ReadTarget()));
        bool isWritten = _isKubernetes && session.Config.Rules.DeniesCredentialMinting
            && KubernetesRequest.Of(MethodOf(_head.Method), path, []) is { Group: "", Resource: "secrets", Subresource: "", Verb: "create" or "update" or "patch" };
        if (!isWritten || _head.Body.Kind == BodyKind.None)
        {
            return;
        }

        _makesToken = true;
        if (_head.Body.Kind == BodyKind.Chunked || _head.ExpectsContinue || _head.ContentLength > SecretBody.Most)
        {
            return;
        }

        _clock.Set(session.Config.Limits.RequestHead, SessionEnd.HandshakeTimeout, isKept: false);
        while (true)
        {
            ReadResult read = await Input.ReadAsync(CancellationToken.None);
            bool isWhole = read.Buffer.Length >= _head.ContentLength!.Value;
            _makesToken = !isWhole || SecretBody.MakesToken(_head, read.Buffer.Slice(0, _head.ContentLength.Value));
            Input.AdvanceTo(read.Buffer.Start, isWhole ? read.Buffer.Start : read.Buffer.End);
            if (isWhole || read.IsCompleted)
            {
                _clock.Stop();
                return;
            }
        }
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
