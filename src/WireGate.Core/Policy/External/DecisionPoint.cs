using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Transport;

namespace WireGate.Core.Policy.External;

/// <summary>
/// Asks a decision point elsewhere, in the form of OPA's data API: <c>POST {"input": facts}</c>, answered by
/// <c>{"result": {"decision": "allow" | "hold" | "deny", "reason": …, "approvers": {"groups": […], "issuer": …, "count": …}}}</c>. It can only
/// make a decision stricter; whatever is not such an answer in time denies. For any thread.
/// </summary>
public sealed class DecisionPoint : IDisposable
{
    /// <summary>Name under which its decisions stand in the audit log.</summary>
    public const string RuleName = "external";

    // An answer is a few hundred bytes; nobody is to make us read on.
    private const int LongestAnswer = 64 * 1024;

    // It stands in an error and in an audit line.
    private const int LongestReason = 500;

    // Which of two answers is meant is not for us to choose.
    private static readonly JsonDocumentOptions Once = new() { AllowDuplicateProperties = false };

    // At once: above it the point is slower than what it is asked about, and waiting in line would only add to it.
    private const int Connections = 64;

    private const string NotUnderstood = "gave no answer that can be understood";

    private static readonly MediaTypeHeaderValue Json = new("application/json");

    // No proxy of the environment, no redirect: it is this address or nobody.
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        ConnectCallback = ConnectAsync,
        UseCookies = false,
        MaxConnectionsPerServer = Connections,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = LongestAnswer,
    };

    /// <summary>What becomes of an operation that the rules here would not deny.</summary>
    /// <param name="config">Whom to ask, and how long.</param>
    /// <param name="session">The session's facts.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="own">What the rules here have decided.</param>
    /// <param name="now">The moment.</param>
    /// <returns>Never throws and never is less strict than <paramref name="own"/>. It holds for this one operation.</returns>
    public async Task<Decision> AskAsync(ExternalRulesConfig config, SessionFacts session, Operation operation, Decision own, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(config);
        own = own with { IsStable = false };
        if (own.Verdict == Verdict.Deny)
        {
            return own;
        }

        using var timeout = new CancellationTokenSource(config.Timeout);
        try
        {
            using var content = new ByteArrayContent(Question(session, operation, own, now)) { Headers = { ContentType = Json } };
            using HttpResponseMessage answer = await _client.PostAsync(config.Opa, content, timeout.Token);
            if (!answer.IsSuccessStatusCode)
            {
                return Deny(own, $"the external decision point answered {(int)answer.StatusCode}");
            }

            return own.And(Read(await answer.Content.ReadAsByteArrayAsync(timeout.Token), own));
        }
        catch (OperationCanceledException)
        {
            return Deny(own, "the external decision point did not answer in time");
        }
        catch (HttpRequestException e)
        {
            string what = e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError
                ? "cannot be reached" : NotUnderstood;
            return Deny(own, $"the external decision point {what}") with { Fault = e };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Deny(own, $"the external decision point {NotUnderstood}") with { Fault = e };
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    // Resolved here and not by the socket: what is dialled is what was looked at.
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        DnsEndPoint asked = context.DnsEndPoint;
        if (IPAddress.TryParse(asked.Host, out _))
        {
            // What the config names by its address it means, also where that is this machine.
            asked = new LoopbackName(asked.Host, asked.Port);
        }

        IPAddress[] found = await NameResolution.ResolveAsync(asked, cancellationToken);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(found, asked.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static byte[] Question(SessionFacts session, Operation operation, in Decision own, DateTimeOffset now)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WritePropertyName("input");
        FactsJson.Write(json, session, operation, own, now);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static Decision Read(byte[] answer, Decision own)
    {
        using JsonDocument document = JsonDocument.Parse(answer, Once);
        if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("result", out JsonElement result))
        {
            return Deny(own, "the external decision point has no decision, its policy is not there or undefined");
        }

        if (result.ValueKind != JsonValueKind.Object || !result.TryGetProperty("decision", out JsonElement decision))
        {
            return Deny(own, "the external decision point gave a result without \"decision\"");
        }

        string? reason = result.TryGetProperty("reason", out JsonElement why) && why.ValueKind == JsonValueKind.String ? ReasonOf(why.GetString()!) : null;
        return decision.GetString() switch
        {
            "allow" => own,
            "hold" when Approvers(result) is { } approvers => own with
            {
                Verdict = Verdict.Hold,
                Rule = RuleName,
                Reason = reason,
                Hold = new HoldTerms([approvers], HoldTerms.DefaultWithin, HoldTerms.DefaultInTransaction),
            },
            "deny" => Deny(own, reason ?? "the external decision point denies it"),
            "hold" => Deny(own, "the external decision point holds it, and names nobody who could approve"),
            _ => Deny(own, $"the external decision point {NotUnderstood}"),
        };
    }

    private static string ReasonOf(string text)
    {
        string line = ApprovalDisplay.Line(text.Length <= LongestReason ? text : text[..LongestReason]);
        return line.Length <= LongestReason ? line : $"{line[..LongestReason]}…";
    }

    /// <returns>Null: nobody could say yes.</returns>
    private static ApproverTerms? Approvers(JsonElement result)
    {
        if (!result.TryGetProperty("approvers", out JsonElement approvers) || approvers.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        string? issuer = approvers.TryGetProperty("issuer", out JsonElement named) ? named.GetString() : null;
        string[] groups = approvers.TryGetProperty("groups", out JsonElement list) ? [.. list.EnumerateArray().Select(g => g.GetString() ?? "")] : [];
        int count = approvers.TryGetProperty("count", out JsonElement number) ? number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out int people) ? people : 0 : 1;
        return count > 0 && (issuer is not null || groups.Length > 0) ? new ApproverTerms(issuer, [.. groups], count) : null;
    }

    private static Decision Deny(Decision own, string reason) =>
        own with { Verdict = Verdict.Deny, Rule = RuleName, Reason = reason, Hold = null, IsStable = false };
}
