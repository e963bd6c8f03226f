using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using WireGate.Core.Audit;
using WireGate.Hosting;
using WireGate.Tests.Configuration;

namespace WireGate.Tests.Hosting;

internal sealed class AuditReferencesTests
{
    [Test]
    public async Task An_operation_comes_with_the_authentication_of_its_own_session()
    {
        using var directory = new TemporaryDirectory();
        await using AuditLog log = AuditLog.Open(directory.Path, 1, TimeProvider.System, NullLogger.Instance);
        Append(log, """ "event":"session-authenticated","session":"s1","identity":{"subject":"alice"} """);
        Append(log, """ "event":"session-authenticated","session":"s2","identity":{"subject":"bob"} """);
        Append(log, """ "event":"operation","session":"s1","ref":"7F3K2Q" """);
        Append(log, """ "event":"session-refused","session":"s2","identity":{"subject":"bob"},"ref":"ABCDEF" """);
        Append(log, """ "event":"operation","session":"gone","ref":"ZZZZZZ" """);
        var references = new AuditReferences(directory.Path);

        Assert.That(await SessionOf("7F3K2Q"), Does.Contain("alice"));
        Assert.That(await SessionOf("ABCDEF"), Is.Null, "it says itself whose it is");
        Assert.That(await SessionOf("ZZZZZZ"), Is.Null);
        Assert.That(await references.FindAsync("YYYYYY", CancellationToken.None), Is.Null);

        async Task<string?> SessionOf(string reference) =>
            (await references.FindAsync(reference, CancellationToken.None))!.Session is { } session ? Encoding.UTF8.GetString(session.Span) : null;
    }

    private static void Append(AuditLog log, string members) => log.Append(Encoding.UTF8.GetBytes(members.Trim()));
}
