using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Tls;
using WireGate.Http.Credentials;
using WireGate.Http.Http1;

namespace WireGate.Http.Kubernetes;

/// <summary>Asks an API server whether it takes a login, and whether that may act as others, as its config wants it to.</summary>
public static class LoginCheck
{
    private const int MostAnswer = 64 * 1024;
    private const string Reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

    /// <summary>Tries one address.</summary>
    /// <param name="loop">Moves the bytes.</param>
    /// <param name="target">Whose TLS is demanded.</param>
    /// <param name="login">One of the target's.</param>
    /// <param name="address">One of the target's.</param>
    /// <param name="secrets">The real credentials.</param>
    /// <param name="cancellationToken">The caller's deadline.</param>
    /// <returns>Null: it is let in, and may what it needs. Else why not.</returns>
    public static async ValueTask<string?> RunAsync(
        EventLoop loop, TargetConfig target, LoginConfig login, Address address, SecretProvider secrets, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(loop);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(login);
        ArgumentNullException.ThrowIfNull(address);
        try
        {
            using var credentials = new LoginCredentials(secrets, TimeProvider.System);
            Credential? credential = credentials.Find(login.Http!) ?? await credentials.FetchAsync(login.Http!, fresh: true, cancellationToken);
            if (credential is null)
            {
                return "the secret is empty, or has a control character in it";
            }

            var shown = await new LoginCertificates(secrets).OfAsync(login.Http, cancellationToken);
            Asking ask = (method, path, body) => AskAsync(loop, target, address, credential, shown, method, path, body, cancellationToken);
            (int code, _) = await ask("GET", "/version", "");
            return code switch
            {
                200 => login.Impersonate is { } config ? await FindUnableAsync(config, ask) : null,
                401 => "the API server does not take the login's credential (401)",
                _ => $"the API server answered {code} to GET /version",
            };
        }
        catch (Exception e) when (e is IOException or ProtocolException or SecretUnavailableException or CryptographicException or JsonException)
        {
            return e.Message;
        }
        catch (OperationCanceledException)
        {
            return "no answer in time";
        }
    }

    private delegate ValueTask<(int Code, byte[] Body)> Asking(string method, string path, string body);

    /// <summary>What it may not be, of all that a session could want it to.</summary>
    private static async ValueTask<string?> FindUnableAsync(ImpersonationConfig config, Asking ask)
    {
        string user = config.User.Contains("${", StringComparison.Ordinal) ? "" : config.User;
        List<(string Group, string Resource, string Part, string Name)> wanted = [("", "users", "", user)];
        wanted.AddRange(config.Groups.Select(g => ("", "groups", "", g.IsExact ? config.GroupPrefix + g.Text : "")));
        wanted.AddRange(config.Extra.Select(e => ("authentication.k8s.io", "userextras", e.Key, "")));
        foreach ((string group, string resource, string part, string name) in wanted)
        {
            (int code, byte[] body) = await ask("POST", Reviews, Review(group, resource, part, name));
            if (code != 201)
            {
                return $"the API server answered {code} to the question whether the login may impersonate {resource}";
            }

            using JsonDocument answer = JsonDocument.Parse(body);
            if (!answer.RootElement.GetProperty("status").GetProperty("allowed").GetBoolean())
            {
                string what = name.Length > 0 ? $"{name} of the {resource}" : part.Length > 0 ? $"{resource}/{part}" : resource;
                return $"the login may not impersonate {what}, give it the verb impersonate there";
            }
        }

        return null;
    }

    private static string Review(string group, string resource, string part, string name)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("apiVersion", "authorization.k8s.io/v1");
            json.WriteString("kind", "SelfSubjectAccessReview");
            json.WriteStartObject("spec");
            json.WriteStartObject("resourceAttributes");
            json.WriteString("verb", "impersonate");
            json.WriteString("group", group);
            json.WriteString("resource", resource);
            json.WriteString("subresource", part);
            json.WriteString("name", name);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(body.WrittenSpan);
    }

    private static async ValueTask<(int Code, byte[] Body)> AskAsync(
        EventLoop loop, TargetConfig target, Address address, Credential credential, System.Net.Security.SslStreamCertificateContext? shown,
        string method, string path, string body, CancellationToken cancellationToken)
    {
        await using Connection plain = await loop.ConnectAsync(address.ToEndPoint(), cancellationToken);
        await using CancellationTokenRegistration deadline = cancellationToken.UnsafeRegister(static c => ((Connection)c!).Abort(), plain);
        var tls = new UpstreamTls(target.Tls, HttpProtocol.Http11);
        await using Connection connection = target.Tls.Mode == TlsMode.Disable
            ? plain : await TlsConnection.ConnectAsync(plain, tls.OptionsFor(address.Host!, shown), cancellationToken);

        // An HTTP/1.0 client gets no chunks, and knows the end by the connection's.
        PipeWriter output = connection.Output;
        output.Write(Encoding.ASCII.GetBytes($"{method} {path} HTTP/1.0\r\nHost: {address}\r\nAccept: application/json\r\n"));
        credential.WriteField(output);
        string length = body.Length == 0 ? "" : $"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n";
        output.Write(Encoding.UTF8.GetBytes($"{length}\r\n{body}"));
        await output.FlushAsync(cancellationToken);
        return await ReadAsync(connection.Input, cancellationToken);
    }

    private static async ValueTask<(int Code, byte[] Body)> ReadAsync(PipeReader input, CancellationToken cancellationToken)
    {
        using var head = new ResponseHead();
        while (true)
        {
            ReadResult read = await input.ReadAsync(cancellationToken);
            if (head.Length == 0 && head.TryRead(read.Buffer, out SequencePosition consumed))
            {
                input.AdvanceTo(consumed);
                if (read.IsCompleted && read.Buffer.Slice(consumed).IsEmpty)
                {
                    return (head.Code, []);
                }

                continue;
            }

            if (read.Buffer.Length > MostAnswer)
            {
                throw new ProtocolException(Peer.Upstream, "an answer that is longer than any to such a question");
            }

            bool isWhole = head.Length > 0 && (read.IsCompleted || (head.ContentLength is { } length && read.Buffer.Length >= length));
            if (isWhole)
            {
                return (head.Code, read.Buffer.ToArray());
            }

            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
            {
                throw new ProtocolException(Peer.Upstream, "closed before it answered");
            }
        }
    }
}
