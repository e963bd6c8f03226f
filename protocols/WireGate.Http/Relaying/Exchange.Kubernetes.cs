using System.Buffers;
using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Http.Holding;
using WireGate.Http.Http1;
using WireGate.Http.Kubernetes;
using WireGate.Http.Operations;

namespace WireGate.Http.Relaying;

/// <content>What is other at an API server of Kubernetes.</content>
internal sealed partial class Exchange
{
    private bool _isKubernetes;

    // It was known whether the body is to be looked at: from then on one that was not, under rules that want it, is taken for a token.
    private bool _isLookedAt;
    private bool? _makesToken;
    private byte[] _impersonation = [];

    /// <summary>Whether the request is for an API server: how it is answered hangs on that, whoever asks.</summary>
    /// <returns>What of it no client may say; null: nothing.</returns>
    private string? Recognize()
    {
        _isKubernetes = TargetOf(Session.Config) is { Protocol: ProtocolNames.Kubernetes };
        return _isKubernetes ? KubernetesFields.Refused(Head) : null;
    }

    /// <summary>Reads the request as the API server will.</summary>
    private KubernetesRequest ReadAsKubernetes(HttpOperation request)
    {
        KubernetesRequest asked = WithContentType(KubernetesRequest.Of(request.Method, request.Path, request.Query));
        return _isLookedAt && WritesSecret(asked) ? asked with { MakesToken = _makesToken ??= MakesToken() } : asked;
    }

    private KubernetesRequest WithContentType(KubernetesRequest asked)
    {
        foreach (ref readonly FieldLine field in asked.Verb == "patch" ? Head.Fields : default)
        {
            asked = field.Name == FieldName.ContentType ? asked.WithContentType(Encoding.Latin1.GetString(Head.Value(field))) : asked;
        }

        return asked;
    }

    // A reload may have begun to ask.
    private bool WritesSecret(KubernetesRequest asked) => Session.Config.Rules.DeniesCredentialMinting
        && asked is { Group: "", Resource: "secrets", Subresource: "", Verb: "create" or "update" or "patch" };

    private bool MakesToken() => _heldBody is not { } held || SecretBody.MakesToken(Head, new ReadOnlySequence<byte>(held.Bytes));

    /// <summary>
    /// Holds the body of what writes a secret, to be looked at: whether that is a token stands nowhere else. One that is not of a length
    /// that is known, or waits to be asked for, is taken for one.
    /// </summary>
    /// <returns>What the exchange ends with; null: it goes on.</returns>
    private async ValueTask<bool?> LookAsync()
    {
        if (!_isKubernetes || !WritesSecret(KubernetesRequest.Of(AskedRequest.MethodOf(Head.Method), new HttpPath(PathOf(Head.ReadTarget())), [])))
        {
            _isLookedAt = true;
            return null;
        }

        // What is denied anyhow is not waited for.
        (_, Decision decision, Refusal? refusal) = await DecideAsync(isRun: false);
        _isLookedAt = true;
        if (refusal is not null || decision.Verdict == Verdict.Deny)
        {
            return refusal is null ? null : await RefuseAsync(refusal);
        }

        if (_heldBody is not null || Head.Body.Kind == BodyKind.Chunked || Head.ExpectsContinue || Head.ContentLength > SecretBody.Most)
        {
            return null;
        }

        return await CollectAsync(SecretBody.Most, isWaitedFor: false, Session.Config.Limits.RequestHead) switch
        {
            HeldBodyEnd.Complete => null,
            HeldBodyEnd.SourceClosed => Leave(),
            _ => await AnswerAsync(503, "the gateway has to look at its body, and too much waits already: try again later", null),
        };
    }

    private bool Leave()
    {
        client.Cut(SessionEnd.ClientClosed, "within the body of a request");
        return false;
    }

    /// <summary>Says as whom the login acts.</summary>
    private Refusal? Impersonate()
    {
        if (!ReferenceEquals(of.Impersonation?.By, Access))
        {
            byte[] written = [];
            if (Access.Login.Impersonate is { } config && Impersonation.TryWrite(config, Session, out written) is { } problem)
            {
                return new Refusal(SessionEnd.NotGranted, "who you are cannot be told to this cluster", problem);
            }

            of.Impersonation = new WrittenImpersonation(Access, written);
        }

        _impersonation = of.Impersonation!.Lines;
        return null;
    }
}
