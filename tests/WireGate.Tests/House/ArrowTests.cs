using System.Reflection;
using NUnit.Framework;
using WireGate.Admin;
using WireGate.Core.Sessions;
using WireGate.Identities.Unix;
using WireGate.Postgres;
using WireGate.Ssh.Keys;
using WireGate.Storage;

namespace WireGate.Tests.House;

/// <summary>Who may know whom, read from what the assemblies reference.</summary>
public sealed class ArrowTests
{
    [Test]
    public void Core_knows_nobody_of_ours_and_of_packages_the_logging_abstractions_only()
    {
        Assert.That(Ours(typeof(Session)), Is.Empty);
        Assert.That(
            References(typeof(Session)).Where(n => n.StartsWith("Microsoft.", StringComparison.Ordinal)),
            Is.EqualTo(new[] { "Microsoft.Extensions.Logging.Abstractions" }).Or.EqualTo(
                new[] { "Microsoft.Extensions.Logging.Abstractions", "Microsoft.Win32.Primitives" }));
    }

    [Test]
    public void A_protocol_knows_Core_only()
    {
        Assert.That(Ours(typeof(PostgresProtocol)), Is.EqualTo(new[] { "WireGate.Core" }));
        Assert.That(Ours(typeof(KeyFileException)), Is.EqualTo(new[] { "WireGate.Core" }));
    }

    [Test]
    public void The_store_knows_Core_only() =>
        Assert.That(Ours(typeof(SqlitePlaceholderStore)), Is.EqualTo(new[] { "WireGate.Core" }));

    [Test]
    public void Identity_knows_Core_only() =>
        Assert.That(Ours(typeof(UnixPeer)), Is.EqualTo(new[] { "WireGate.Core" }));

    [Test]
    public void Admin_knows_Core_and_who_is_calling() =>
        Assert.That(Ours(typeof(AdminServer)), Is.EqualTo(new[] { "WireGate.Core", "WireGate.Identity" }));

    private static IEnumerable<string> Ours(Type member) =>
        References(member).Where(name => name.StartsWith("WireGate.", StringComparison.Ordinal));

    private static IEnumerable<string> References(Type member) =>
        member.Assembly.GetReferencedAssemblies().Select(NameOf).Order(StringComparer.Ordinal);

    private static string NameOf(AssemblyName assembly) => assembly.Name!;
}
