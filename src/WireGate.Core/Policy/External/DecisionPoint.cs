using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;

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

    // At once: above it the point is slower than what it is asked about, and waiting in line would only add to it.
    private const int Connections = 64;

    // As much as a rule's reason may have.
    private const int LongestReason = 200;

    // Whoever reads the first of two decisions must not come to another answer than whoever reads the last.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private static readonly MediaTypeHeaderValue Json = new("application/json");

    // No proxy of the environment, no redirect: it is this address or nobody.
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
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
        catch (Exception e) when (e is HttpRequestException or JsonException or InvalidOperationException)
        {
            return Deny(own, "the external decision point gave no answer that can be understood") with { Fault = e };
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

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
        using JsonDocument document = JsonDocument.Parse(answer, Strict);
        if (!document.RootElement.TryGetProperty("result", out JsonElement result) || result.ValueKind != JsonValueKind.Object
            || !result.TryGetProperty("decision", out JsonElement decision))
        {
            return Deny(own, "the external decision point has no decision");
        }

        string? reason = result.TryGetProperty("reason", out JsonElement why) && why.ValueKind == JsonValueKind.String ? OneLine(why.GetString()!) : null;
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
            _ => Deny(own, "the external decision point gave no answer that can be understood"),
        };
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
        int count = 1;
        if (approvers.TryGetProperty("count", out JsonElement number) && !number.TryGetInt32(out count))
        {
            return null;
        }

        return count > 0 && (issuer is not null || groups.Length > 0) ? new ApproverTerms(issuer, [.. groups], count) : null;
    }

    /// <summary>It goes to a client and into a record of the audit log: no more than a rule could say.</summary>
    private static string OneLine(string reason) =>
        string.Concat(reason.Take(LongestReason).Select(c => char.IsControl(c) ? ' ' : c));

    private static Decision Deny(Decision own, string reason) =>
        own with { Verdict = Verdict.Deny, Rule = RuleName, Reason = reason, Hold = null, IsStable = false };
}
