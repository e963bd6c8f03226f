namespace WireGate.EndToEnd.Tests.Http;

/// <summary>A config that changes while a connection of HTTP/2 goes on, in front of an upstream of HTTP/2.</summary>
internal sealed class Http2ReloadTests : HttpFixture
{
    private const string Target = "node2-clear";

    [Test]
    public async Task What_is_asked_then_is_judged_by_it_and_what_is_under_way_goes_on()
    {
        await using RawHttp2Client client = await RawHttp2Client.ConnectAsync(Gateway.ClearPort);
        await AskAsync(client, 1, "/later");
        Assert.That(await client.OutcomeAsync(1), Is.EqualTo("200"));
        await AskAsync(client, 3, "/upload", "PUT");
        await client.DataAsync(3, "before ", isLast: false);
        await Harness.Wait.UntilAsync(() => Node.HasBodyOf("/upload"), "the beginning of the body at the upstream");

        await Gateway.ReloadAsync(config => config + "    - { name: no-later, match: { http: { paths: [\"/later\"] } }, do: deny }\n");

        await AskAsync(client, 5, "/later");
        Assert.That(await client.OutcomeAsync(5), Is.EqualTo("403"));
        await client.DataAsync(3, "and after", isLast: true);
        Assert.That(await client.OutcomeAsync(3), Is.EqualTo("200"));
        Assert.That(Node.Records.Any(r => r.TryGetProperty("body", out System.Text.Json.JsonElement body) && body.GetString() == "before and after"));

        // Without its grant it has nothing to ask for, on this connection nor on another.
        await Gateway.ReloadAsync(config => config.Replace($"node2, {Target}, ", "node2, ", StringComparison.Ordinal));
        await AskAsync(client, 7, "/any");
        Assert.That(await client.OutcomeAsync(7), Is.AnyOf("403", "reset", "goaway", "closed"));
        await using RawHttp2Client other = await RawHttp2Client.ConnectAsync(Gateway.ClearPort);
        await AskAsync(other, 1, "/any");
        Assert.That(await other.OutcomeAsync(1), Is.AnyOf("403", "401"));
        Assert.That(Node.Seen(), Is.EqualTo(new[] { "GET /later", "PUT /upload" }));
    }

    private async Task AskAsync(RawHttp2Client client, int stream, string path, string method = "GET") => await client.FieldsAsync(
        stream,
        [(":method", method), (":scheme", "http"), (":path", $"/{Target}{path}"), (":authority", "a"), ("authorization", $"Bearer {await TokenAsync(Target)}")],
        isLast: method == "GET");
}
