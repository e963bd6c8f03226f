using System.Runtime.CompilerServices;
using NUnit.Framework;

namespace WireGate.Core.Tests;

/// <summary>Waits for what must come about.</summary>
internal static class Eventually
{
    public static async Task HoldsAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string text = "")
    {
        long limit = Environment.TickCount64 + 10_000;
        while (!condition())
        {
            Assert.That(Environment.TickCount64, Is.LessThan(limit), text);
            await Task.Delay(5);
        }
    }
}
