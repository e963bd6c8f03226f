using NUnit.Framework;
using WireGate.Core.Transport;

namespace WireGate.Core.Tests.Transport;

internal sealed class LoopArraysTests
{
    [TestCase(0, 16)]
    [TestCase(1, 16)]
    [TestCase(16, 16)]
    [TestCase(17, 32)]
    [TestCase(1024, 1024)]
    [TestCase(1025, 2048)]
    [TestCase(4096, 4096)]
    public void Has_the_next_power_of_two(int least, int length)
    {
        short[] array = LoopArrays.Rent<short>(least);
        Assert.That(array, Has.Length.EqualTo(length));
        LoopArrays.Return(array);
    }

    [Test]
    public void More_than_the_largest_comes_from_elsewhere_and_goes_back_there()
    {
        short[] array = LoopArrays.Rent<short>(LoopArrays.Largest + 1);
        Assert.That(array, Has.Length.GreaterThan(LoopArrays.Largest));
        LoopArrays.Return(array);
    }

    [Test]
    public void What_was_given_back_is_used_again()
    {
        uint[] first = LoopArrays.Rent<uint>(100), second = LoopArrays.Rent<uint>(100);
        Assert.That(second, Is.Not.SameAs(first));
        LoopArrays.Return(first);
        Assert.That(LoopArrays.Rent<uint>(50), Is.Not.SameAs(first), "of another size");
        Assert.That(LoopArrays.Rent<uint>(65), Is.SameAs(first));
        LoopArrays.Return(second);
    }

    [Test]
    public void Is_erased_where_that_is_asked()
    {
        ulong[] array = LoopArrays.Rent<ulong>(20);
        Array.Fill(array, 7UL);
        LoopArrays.Return(array, clear: true);
        Assert.That(array, Is.All.Zero);
    }

    [Test]
    public void Each_thread_has_its_own()
    {
        byte[] here = LoopArrays.Rent<byte>(300);
        LoopArrays.Return(here);
        byte[] there = null!;
        var other = new Thread(() => there = LoopArrays.Rent<byte>(300));
        other.Start();
        other.Join();
        Assert.That(there, Is.Not.SameAs(here));
    }
}
