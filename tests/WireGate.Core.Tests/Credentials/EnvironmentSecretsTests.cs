using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using NUnit.Framework;
using WireGate.Core.Credentials;

namespace WireGate.Core.Tests.Credentials;

[UnsupportedOSPlatform("windows")]
public sealed class EnvironmentSecretsTests
{
    [Test]
    public void Takes_a_variable_and_erases_it_where_it_stood()
    {
        const string Name = "WIREGATE_TEST_TAKEN";
        Assert.That(Libc.SetEnvironment(Name, "hunter2", 1), Is.Zero);
        Environment.SetEnvironmentVariable(Name, "hunter2");
        nint stood = Libc.GetEnvironment(Name);

        using EnvironmentSecrets captured = EnvironmentSecrets.Capture([Name, Name, "WIREGATE_TEST_ABSENT", ""]);

        using Secret taken = captured.Get(Name);
        Assert.That(taken.FixedTimeEquals("hunter2"u8), Is.True);
        Assert.That(Libc.GetEnvironment(Name), Is.EqualTo(nint.Zero));
        Assert.That(Environment.GetEnvironmentVariable(Name), Is.Null);
        byte[] left = new byte["hunter2".Length];
        Marshal.Copy(stood, left, 0, left.Length);
        Assert.That(left, Is.All.Zero);
    }

    [Test]
    public void What_was_not_taken_at_start_is_refused_by_name()
    {
        const string Late = "WIREGATE_TEST_LATE";
        using EnvironmentSecrets captured = EnvironmentSecrets.Capture([]);
        Environment.SetEnvironmentVariable(Late, "hunter2");
        Assert.That(
            FileSecretSourceTests.Refusal(new EnvironmentSecretSource(Late, captured)),
            Does.Contain(Late).And.Contain("restart").And.Not.Contain("hunter2"));
        Environment.SetEnvironmentVariable(Late, null);
    }
}
